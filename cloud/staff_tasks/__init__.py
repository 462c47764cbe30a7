"""What only a person can resolve, and who resolved it."""
