"""Machines, what they report, and how it is understood."""
