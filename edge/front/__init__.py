"""The machine's face in a browser: the customer screen, and around it, when emulated, the cabinet."""
