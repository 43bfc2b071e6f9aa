import pytest

from functions.merchants.shard_positions import ShardPositions
from tests.unit.functions.builders import NOW

HOUR_MS = 3_600_000
LARGEST = 10**40 - 1


def restore(positions: ShardPositions) -> ShardPositions:
    return ShardPositions(positions.encode())


def test_positions_are_restored() -> None:
    positions = ShardPositions()
    positions.advance("shard-a", 1, NOW)
    positions.advance("shard-b", LARGEST, NOW)
    restored = restore(positions)
    assert [restored.find(f"shard-{name}") for name in "abc"] == [1, LARGEST, 0]


def test_position_moves_forward() -> None:
    positions = ShardPositions()
    positions.advance("shard", 255, NOW)
    positions = restore(positions)
    positions.advance("shard", 256, NOW)
    assert restore(positions).find("shard") == 256


@pytest.mark.parametrize("start", [NOW, 2**16 * 9 * HOUR_MS - HOUR_MS])
def test_position_is_kept_as_long_as_the_stream_has_its_record(start: int) -> None:
    """The second start is just before the stored hour begins again at 0."""
    positions = ShardPositions()
    positions.advance("shard", 1, start)
    positions.prune(ShardPositions(), start + 25 * HOUR_MS)
    assert restore(positions).find("shard") == 1
    positions.prune(ShardPositions(), start + 28 * HOUR_MS)
    assert restore(positions).find("shard") == 0


def test_position_of_a_complete_batch_is_kept_for_an_hour() -> None:
    complete, positions = ShardPositions(), ShardPositions()
    positions.advance("complete", 7, NOW)
    positions.advance("incomplete", 8, NOW)
    complete.advance("complete", 7, NOW)
    complete.advance("incomplete", 7, NOW)
    positions.prune(complete, NOW + HOUR_MS)
    assert restore(positions).find("complete") == 7
    positions.prune(complete, NOW + 3 * HOUR_MS)
    assert [restore(positions).find(shard) for shard in ("complete", "incomplete")] == [0, 8]


def test_position_of_a_process_with_a_clock_ahead_is_kept() -> None:
    full_hour = NOW // HOUR_MS * HOUR_MS
    complete, positions = ShardPositions(), ShardPositions()
    positions.advance("shard", 7, full_hour)
    complete.advance("shard", 7, full_hour)
    positions.prune(complete, full_hour - 1)
    assert positions.find("shard") == 7


def test_position_does_not_move_back() -> None:
    positions = ShardPositions()
    positions.advance("shard", 9, NOW)
    positions.advance("shard", 3, NOW)
    assert positions.find("shard") == 9


def test_attribute_of_newer_code_is_refused() -> None:
    with pytest.raises(ValueError, match="format 2"):
        ShardPositions(b"\x02")
