"""Posts synthetic traffic to a deployed pipeline and reports what became of it."""
