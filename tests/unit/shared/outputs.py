"""Resolution of a Pulumi Output outside of a program."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pulumi

T = TypeVar("T")


def resolve_output(make: Callable[[], pulumi.Output[T]]) -> T | None:
    """The value of the Output that `make` returns. `make` runs in an event loop, which an Output needs."""

    async def value() -> T | None:
        return await make().future()

    return asyncio.run(value())
