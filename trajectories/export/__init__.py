"""Sessions as rows to train on: `{messages, tools}` and where each comes from, by policies that are parameters."""
