"""Driving a mind through a run: turns, calls, budgets, the rules' fallback; and the transcript of all of it."""
