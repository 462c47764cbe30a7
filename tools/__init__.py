"""The `vend` command, the demo, checks, measurements and generators. Nothing at run time imports this."""
