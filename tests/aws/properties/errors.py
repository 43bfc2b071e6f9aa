"""The error of a conversion that would leave something out."""

TABLE = "tests/aws/properties/conversions.py"


class ConversionError(Exception):
    """A resource or property without a place in the template; the message says what to add, and where."""
