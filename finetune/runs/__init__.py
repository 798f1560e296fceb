"""Runs that survive: checkpoints, stops, figures by step, and the final model."""
