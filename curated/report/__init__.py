"""How a run chose what it chose, as one page that needs nothing else: written by a stage from what the stages before it wrote."""
