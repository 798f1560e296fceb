"""The intake of real-world queries: what people bring is checked as strictly as queries of pull requests, and never edited silently."""
