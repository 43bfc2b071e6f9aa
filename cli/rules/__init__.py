"""Tasks for rule files."""
