"""What a customer's own phone sees of a machine: shelf, clerk, complaints, refunds."""
