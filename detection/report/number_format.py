"""Figures as people read them."""


def percent(share: float | None) -> str:
    """A share, as 12.3 %."""
    return "-" if share is None else f"{share:.1%}".replace("%", " %")


def decimals(value: float | None) -> str:
    """A figure between 0 and 1."""
    return "-" if value is None else f"{value:.4f}"


def count(value: float | None) -> str:
    """A number of things, or a mean of one."""
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
