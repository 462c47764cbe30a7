"""What was sold, where, for how much."""
