"""What stands where, at which price, from which day on."""
