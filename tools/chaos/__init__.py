"""Break the machine on purpose, and check from outside that no money and no goods were lost."""
