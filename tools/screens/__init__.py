"""Every screen of the machine in every state, drawn and checked without a machine."""
