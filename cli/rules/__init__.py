"""Tasks for rules files."""
