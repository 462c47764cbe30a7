"""Money coming in: what the polled devices say, turned into inputs of the vend."""
