"""The embedded world that makes a fresh machine run with no account and no network."""
