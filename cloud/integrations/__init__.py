"""Adapters to systems that are not ours."""
