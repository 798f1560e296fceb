"""What a rank runs: model, trainer, and what is held against the plan."""
