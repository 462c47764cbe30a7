"""Measurements of what the design promises: figures and their spread, never a verdict in a test."""
