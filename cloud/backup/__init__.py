"""Nothing an operator has can be lost: save everything to one file, restore it, rebuild the books from the events."""
