"""Exhibits: papers that the sides put before the court in a sitting (docs/recordings.md)."""
