"""The only door to GitHub: which repositories there are, their merged pull requests, their patches, within every limit."""
