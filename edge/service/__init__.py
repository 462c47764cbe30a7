"""What staff do at the machine, as pure functions over its state."""
