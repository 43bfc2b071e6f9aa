"""Health checks of a deployed pipeline."""
