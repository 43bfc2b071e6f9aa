"""Reads the value of a Pulumi Output outside of a program."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pulumi

T = TypeVar("T")


def resolved(make: Callable[[], pulumi.Output[T]]) -> T | None:
    """The value of the Output that `make` makes (it needs a running loop for that), or its error."""

    async def value() -> T | None:
        return await make().future()

    return asyncio.run(value())
