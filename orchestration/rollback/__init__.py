"""Rollback of a layer to an earlier version, and recovery of a layer after an interrupted update."""
