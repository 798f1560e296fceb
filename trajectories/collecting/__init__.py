"""Records a session: mini-swe-agent works on a query in a sandbox, with a human beside it. docs/TRAJECTORIES.md tells how."""
