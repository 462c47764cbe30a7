"""Operators and how they prove who they are."""
