"""Tables in files, by format."""
