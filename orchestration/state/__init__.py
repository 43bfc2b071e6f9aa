"""Pulumi state: backend, locks, backups."""
