"""Who may begin a visit at which machine, with which PIN and rights."""
