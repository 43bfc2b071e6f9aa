"""Columns of integers as bytes: each value takes as many bits as the largest one in its column.

A column does not contain its number of values, and its length gives the number of bits: a column of 31 values
of up to 17 bits has 66 bytes.
"""

from collections.abc import Sequence


def pack(values: Sequence[int]) -> bytes:
    """The column of integers from 0. Empty for no values and for zeros only."""
    width = max(values, default=0).bit_length()
    if not width:
        return b""
    count = len(values)
    size = (count * width + 7) // 8
    # The largest width that results in this size, which `unpack` computes from the size.
    width = 8 * size // count
    bits = 0
    for value in reversed(values):
        bits = bits << width | value
    return bits.to_bytes(size, "little")


def unpack(column: bytes, count: int) -> list[int]:
    """The `count` values in a column. Raises ValueError if the column's length does not fit them."""
    if not column:
        return [0] * count
    size = len(column)
    width = 8 * size // count if count else 0
    bits = int.from_bytes(column, "little")
    if not width or (count * width + 7) // 8 != size or bits >> count * width:
        raise ValueError(f"a column of {size} bytes does not contain {count} values")
    mask = (1 << width) - 1
    return [bits >> shift & mask for shift in range(0, count * width, width)]


def pack_signed(values: Sequence[int]) -> bytes:
    """The column of any integers: 0, -1, 1, -2 and 2 are 0, 1, 2, 3 and 4."""
    if not any(values):
        return b""
    return pack([value << 1 if value >= 0 else ~(value << 1) for value in values])


def unpack_signed(column: bytes, count: int) -> list[int]:
    """The `count` values in a column of `pack_signed`. Raises ValueError."""
    if not column:
        return [0] * count
    return [~(value >> 1) if value & 1 else value >> 1 for value in unpack(column, count)]
