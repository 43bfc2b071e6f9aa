"""Sends what failed or was lost through the pipeline again."""
