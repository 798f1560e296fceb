"""The local Label Studio: a real one is started here, on SQLite and on PostgreSQL."""
