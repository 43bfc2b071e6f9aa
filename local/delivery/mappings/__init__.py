"""Event source mappings from the stream of a table to a function."""
