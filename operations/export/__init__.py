"""Exports: tables to S3, for transactions needed after their retention, and decisions for training."""
