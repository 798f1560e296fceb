"""The form in Label Studio by which contributors bring real-world queries, and what was written into it."""
