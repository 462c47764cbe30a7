"""Cashless readers."""
