"""The resource types, a file per AWS service."""
