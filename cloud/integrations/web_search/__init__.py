"""Looking for offers: a port, a SearXNG server, the operator's own lists, and recorded answers."""
