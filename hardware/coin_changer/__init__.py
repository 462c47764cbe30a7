"""Coin changers."""
