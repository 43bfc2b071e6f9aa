"""The demonstration: simulated transactions through the deployed pipeline."""
