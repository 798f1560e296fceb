"""The only door to a model: one question at a time, at a known price, and nothing paid twice. Knows nothing of pull requests."""
