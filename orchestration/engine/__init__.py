"""The Pulumi engine: its CLI, one stack at a time, and what its events and failures mean."""
