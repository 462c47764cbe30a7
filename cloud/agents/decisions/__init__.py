"""What agents did and wanted to do: the one way from a call to the services, and the log of it."""
