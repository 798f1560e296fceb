"""The SFT stage: the pool's trajectories, checked token by token, fine-tune a model with TRL on one GPU or many."""
