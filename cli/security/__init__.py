"""Tasks that prove what the pipeline permits, and who can read what."""
