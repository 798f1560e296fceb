"""What `limi annotate report` says of the reviews: the numbers as JSON, and the same as one page that needs nothing else."""
