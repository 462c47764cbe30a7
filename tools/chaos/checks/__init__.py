"""Rules of the checker: one file per kind of thing that could be lost."""
