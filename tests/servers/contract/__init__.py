"""A contract gate: holds a client's traffic against GitHub's own descriptions, which nobody in this project wrote."""
