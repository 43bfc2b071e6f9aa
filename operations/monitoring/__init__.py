"""Reads the condition of a deployed pipeline; changes nothing."""
