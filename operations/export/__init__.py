"""Exports of tables to S3, for transactions that must be available after their retention."""
