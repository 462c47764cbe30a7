"""The companion in the cloud: keeps what machines report, turns it into stock and books, shows it to operators."""
