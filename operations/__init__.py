"""Use, monitor and repair a deployed pipeline."""
