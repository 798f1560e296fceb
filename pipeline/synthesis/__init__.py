"""One query from one pull request: who writes it, what it gives away, what is checked."""
