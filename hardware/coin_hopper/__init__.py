"""Coin hoppers."""
