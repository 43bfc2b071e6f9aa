"""Pipes from the stream of a table to an event bus."""
