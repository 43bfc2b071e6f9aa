"""The error of an incomplete conversion."""

TABLE = "tests/aws/properties/conversions.py"


class ConversionError(Exception):
    """A resource or property that has no conversion. The message names the table to extend."""
