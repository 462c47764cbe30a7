"""The vend: what the machine decides. Pure: no clock, no device, no disk."""
