"""Personal data: where it is, and the export and erasure of an account's data."""
