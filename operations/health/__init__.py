"""Checks of a deployed pipeline."""
