"""A session for a reader: as lines for a terminal, and as one HTML page."""
