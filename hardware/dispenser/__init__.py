"""Spiral dispensers."""
