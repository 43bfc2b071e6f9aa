"""Post transactions and labels from a file."""
