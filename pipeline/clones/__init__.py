"""The only door to local git clones: their facts, their merged pull requests, their patches."""
