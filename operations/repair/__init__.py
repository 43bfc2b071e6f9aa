"""Redrive failed messages and replay lost transactions."""
