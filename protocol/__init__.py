"""What a machine and its cloud say to each other. Imports nothing else of ours."""
