"""Bill validators."""
