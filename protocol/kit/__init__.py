"""What every process of ours does alike: logs with secrets masked, one event loop, a clean end."""
