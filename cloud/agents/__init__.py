"""The agents that run the business, and the guard that lets them."""
