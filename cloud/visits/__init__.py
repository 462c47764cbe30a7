"""Visits of staff to machines: who, when, how long, and what they did there."""
