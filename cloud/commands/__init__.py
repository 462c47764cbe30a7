"""What the cloud asks machines to do once, and what became of it."""
