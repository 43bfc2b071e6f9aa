"""Batches for AWS requests that take a limited number of entries."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def split_batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists of up to `size`. An iterator is read one batch at a time."""
    remaining = iter(values)
    while batch := list(islice(remaining, size)):
        yield batch
