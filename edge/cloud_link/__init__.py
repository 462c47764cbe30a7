"""The link to the cloud: the outbox is emptied by application acknowledgements and by nothing else."""
