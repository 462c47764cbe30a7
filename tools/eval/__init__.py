"""Evaluate the agents: conversations that try everything, against the real desk, guard and services."""
