"""The only door to the Hugging Face Hub: see what a push would change, then push it as one commit with a tag, or not at all."""
