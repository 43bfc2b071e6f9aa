"""Column maps: read, ready for public layouts, and proposed."""
