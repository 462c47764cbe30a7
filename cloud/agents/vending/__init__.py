"""The vending agent: prices and products of the machines, and what must be brought there."""
