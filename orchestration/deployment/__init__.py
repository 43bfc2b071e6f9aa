"""Deploying layers: which, in what order, after which checks and questions."""
