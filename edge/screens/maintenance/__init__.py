"""The maintenance screens as plain data: who is at the machine, what they do, what is left to do."""
