"""Logs, mails and queues of a deployed pipeline, read without changes."""
