"""What was said with customers: sessions as documents, sealed, searchable, deleted when their time is over."""
