"""The ranks: how accelerate starts them, and how they end."""
