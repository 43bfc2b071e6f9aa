"""Tasks for files of transactions."""
