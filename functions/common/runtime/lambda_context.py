"""The type of the context object that Lambda passes to a handler."""

from typing import Protocol


class LambdaContext(Protocol):
    """The part of the context object that the functions use."""

    def get_remaining_time_in_millis(self) -> int: ...
