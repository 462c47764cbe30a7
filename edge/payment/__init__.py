"""Money on the machine: which coins to pay out. Pure."""
