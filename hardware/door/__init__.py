"""The cabinet door."""
