"""What the business's own figures say: forecasts, what is odd, statistics, and the report about all of it."""
