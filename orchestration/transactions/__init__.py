"""Using a deployed pipeline: posting transactions, and seeing what came of them."""
