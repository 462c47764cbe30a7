"""The analytics agent: what the figures say, as a report a person wants to read. It changes nothing."""
