"""The resource types, one module per AWS service or subject."""
