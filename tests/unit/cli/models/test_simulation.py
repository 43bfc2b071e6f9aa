from pathlib import Path

import pytest

from cli.models.simulation import write_simulation
from detection.data.dataset import Dataset
from terminal.errors import UserError


def simulate(
    out: Path | str, *, customers: int = 30, days: int = 20, seed: int = 1, start: str = "2018-04-01"
) -> None:
    write_simulation(str(out), customers=customers, terminals=60, days=days, seed=seed, start=start)


@pytest.mark.parametrize("name", ["past.csv", "past.parquet"])
def test_simulated_file_is_a_dataset_and_its_counts_are_shown(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate(tmp_path / name)
    summary = Dataset(tmp_path / name).check()
    output = capsys.readouterr().out
    assert output.startswith(f"{tmp_path / name}: {summary.transactions:,} ")
    assert f" {summary.frauds:,} " in output
    assert summary.transactions > 100


def test_file_depends_on_the_seed_only(tmp_path: Path) -> None:
    for name, seed in (("a.csv", 3), ("b.csv", 3), ("c.csv", 4)):
        simulate(tmp_path / name, seed=seed)
    first, same_seed, different_seed = (
        (tmp_path / name).read_bytes() for name in ("a.csv", "b.csv", "c.csv")
    )
    assert first == same_seed != different_seed


@pytest.mark.parametrize(
    ("options", "mention"),
    [
        ({"out": "past.txt"}, "past.txt"),
        ({"out": "/none/past.csv"}, "/none/past.csv"),
        ({"start": "spring"}, "--start: 'spring'"),
        ({"customers": 0}, "--customers: 0"),
    ],
)
def test_invalid_option_is_a_user_error_and_writes_no_file(
    tmp_path: Path, options: dict[str, str], mention: str
) -> None:
    with pytest.raises(UserError) as caught:
        simulate(**{"out": tmp_path / "past.csv", **options})  # type: ignore[arg-type]
    assert mention in caught.value.message
    assert list(tmp_path.iterdir()) == []
