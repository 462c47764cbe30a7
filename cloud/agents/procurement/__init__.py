"""The procurement agent: what runs low, from whom to buy it, and purchase orders that a person approves."""
