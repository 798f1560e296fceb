"""What is wrong with a session, by named rules, and the session without its secrets and personal data."""
