"""What is trained: rows, rendered and tokenized once, with a mask that was read twice."""
