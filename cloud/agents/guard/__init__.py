"""Between every tool call and the services: what may happen, what a person must approve, what never."""
