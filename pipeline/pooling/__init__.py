"""The pool as a small constrained choice: exact, seeded, the same on every machine, each choice and rejection with its reason."""
