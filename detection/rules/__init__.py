"""Read and check rule files."""
