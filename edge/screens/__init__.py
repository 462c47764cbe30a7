"""What customers and staff see: presenters in plain Python, and thin renderers."""
