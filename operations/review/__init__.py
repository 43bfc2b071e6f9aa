"""Overrides, explanations and candidate reports for analysts."""
