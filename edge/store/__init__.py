"""What survives a power cut: the journal and the outbox, in one SQLite file."""
