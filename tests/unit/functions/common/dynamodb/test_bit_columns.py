import random

import pytest

from functions.common.dynamodb.bit_columns import pack, pack_signed, unpack, unpack_signed


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 31, 40])
@pytest.mark.parametrize("bits", [1, 2, 7, 8, 9, 17, 40, 75])
def test_values_are_restored_from_their_column(count: int, bits: int) -> None:
    rng = random.Random(count * bits)  # noqa: S311  # values, not a secret
    values = [rng.getrandbits(bits) for _ in range(count)]
    signed = [value * rng.choice([-1, 1]) for value in values]
    assert unpack(pack(values), count) == values
    assert unpack_signed(pack_signed(signed), count) == signed


def test_each_value_takes_the_bits_of_the_largest_one() -> None:
    assert len(pack([2**17 - 1] * 31)) == 66
    assert len(pack([1] * 8)) == 1


@pytest.mark.parametrize("values", [[], [0], [0] * 40])
def test_column_without_values_or_of_zeros_is_empty(values: list[int]) -> None:
    assert pack(values) == pack_signed(values) == b""
    assert unpack(b"", len(values)) == unpack_signed(b"", len(values)) == values


@pytest.mark.parametrize(("column", "count"), [(b"\1", 0), (b"\1", 9), (b"\1\2\3\xff", 3), (b"\xff\xff", 3)])
def test_column_of_another_number_of_values_is_refused(column: bytes, count: int) -> None:
    with pytest.raises(ValueError, match=f"does not contain {count} values"):
        unpack(column, count)
