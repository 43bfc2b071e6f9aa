"""Number formats of tables and reports. An undefined figure is a dash."""


def format_percent(share: float | None) -> str:
    """A share, as 12.3 %."""
    return "-" if share is None else f"{share:.1%}".replace("%", " %")


def format_decimals(value: float | None) -> str:
    """A figure from 0 to 1, with four decimals."""
    return "-" if value is None else f"{value:.4f}"


def format_euros(value: float) -> str:
    """An amount in whole euros."""
    return f"{value:,.0f} EUR"


def format_count(value: float | None) -> str:
    """A count, or a mean of counts with one decimal."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
