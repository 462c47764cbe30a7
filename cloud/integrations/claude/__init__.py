"""The model behind `Mind`: Claude through the anthropic SDK, and recordings of sessions with it."""
