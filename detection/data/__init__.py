"""Datasets: read, write and simulate transactions."""
