"""The archive of sessions: one ATIF v1.8 file for each. docs/TRAJECTORIES.md lists its fields."""
