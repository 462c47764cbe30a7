"""The machine's counters, and the file that auditors read."""
