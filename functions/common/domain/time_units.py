"""The unit of a time that is given as a number, recognized by its magnitude."""

from decimal import Decimal

MILLISECONDS = "milliseconds"
# 10^11 milliseconds are in March 1973, 10^11 seconds in the year 5138.
UNIT_MINIMUMS = {"seconds": 0, MILLISECONDS: 10**11, "microseconds": 10**14, "nanoseconds": 10**17}
"""The lowest number that is a time in each unit, by unit."""


def find_time_unit(time: int | Decimal) -> str:
    """The unit in which a number since 1970 is a time from 1973 to 5138."""
    fitting = [unit for unit, least in UNIT_MINIMUMS.items() if time >= least]
    return fitting[-1] if fitting else "seconds"
