"""The books: a double-entry ledger and its statements."""
