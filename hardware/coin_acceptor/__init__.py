"""Coin acceptors."""
