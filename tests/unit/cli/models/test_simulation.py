"""Making up a file as a user does it."""

from pathlib import Path

import pytest

from cli.models.options import Simulated
from cli.models.simulation import simulate
from detection.data.dataset import Dataset
from terminal.errors import UserError


def typed(
    out: Path, *, customers: int = 30, days: int = 20, seed: int = 1, start: str = "2018-04-01"
) -> Simulated:
    return Simulated(out=str(out), customers=customers, terminals=60, days=days, seed=seed, start=start)


@pytest.mark.parametrize("name", ["past.csv", "past.parquet"])
def test_a_file_can_be_read_again(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    simulate(typed(tmp_path / name))
    facts = Dataset(tmp_path / name).check()
    said = f"{tmp_path / name}: {facts.transactions:,} transactions, {facts.frauds:,} fraud\n"
    assert capsys.readouterr().out == said
    assert facts.transactions > 100


def test_the_same_seed_makes_the_same_file(tmp_path: Path) -> None:
    for name, seed in (("a.csv", 3), ("b.csv", 3), ("c.csv", 4)):
        simulate(typed(tmp_path / name, seed=seed))
    first, second, other = ((tmp_path / name).read_bytes() for name in ("a.csv", "b.csv", "c.csv"))
    assert first == second != other


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"out": Path("past.txt")}, "neither .csv nor .parquet"),
        ({"out": Path("/none/past.csv")}, "^Cannot write /none/past.csv"),
        ({"start": "spring"}, "^--start spring is no date"),
        ({"customers": 0}, "^--customers 0 makes no transactions"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        simulate(typed(**{"out": tmp_path / "past.csv", **wrong}))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
