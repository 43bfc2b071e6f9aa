"""The unit of a time that is given as a number, recognized by its magnitude."""

# 10^11 milliseconds are in March 1973, 10^11 seconds in the year 5138.
_LIMITS = ((10**11, "seconds"), (10**14, "milliseconds"), (10**17, "microseconds"))
MILLISECONDS = "milliseconds"


def find_time_unit(time: int) -> str:
    """The unit in which a number since 1970 is a time from 1973 to 5138."""
    return next((unit for limit, unit in _LIMITS if time < limit), "nanoseconds")
