"""Named scenarios and their data."""
