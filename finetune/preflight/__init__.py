"""What a training takes, known before a GPU is touched."""
