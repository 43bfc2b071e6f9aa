"""Bringing a layer back: to an earlier version, or to a state that can be deployed again."""
