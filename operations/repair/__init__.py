"""Redrive of failed messages and replay of undecided transactions."""
