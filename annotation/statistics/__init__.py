"""How far annotators agree, and what stands in the way: pure functions over a frame of answers, each number with its interval."""
