"""Where goods are, how many, and what they cost."""
