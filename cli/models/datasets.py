"""Opens a file of transactions for a task: says what it takes for granted, and how far a check is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

from detection.data.columns import Labelled
from detection.data.dataset import Dataset, Facts
from detection.data.row_errors import Unit
from terminal.errors import UserError
from terminal.output import say
from terminal.progress_bar import bar

_TOLD_EVERY = 1 << 12
UNITS: tuple[Unit, ...] = get_args(Unit)


def opened(data: str, unit: str = "", *, labels: bool = True) -> Dataset:
    """The file, which says what was fraud if `labels`. Raises UserError or DatasetError."""
    known: Unit | None = next((one for one in UNITS if one == unit), None)
    if unit and known is None:
        raise UserError(f"--unit {unit} is no unit of time.", f"Units are: {', '.join(UNITS)}.")
    dataset = Dataset(Path(data), unit=known, labels=labels)
    for note in dataset.notes():
        say(note)
    return dataset


def checked(dataset: Dataset) -> Facts:
    """What the file holds. Raises DatasetError where a row is bad."""
    with bar("checking", dataset.size_bytes) as done:
        return dataset.check(done)


def rows(dataset: Dataset, done: Callable[[float], None]) -> Iterator[Labelled]:
    """The file's transactions; `done` is told now and then how many bytes are read. Raises DatasetError."""
    for number, labelled in enumerate(dataset.rows()):
        if not number % _TOLD_EVERY:
            done(dataset.done_bytes)
        yield labelled


def not_the_data(option: str, path: str, data: str) -> Path:
    """A file to write to. Raises UserError if it is the one that is read."""
    target = Path(path)
    if target.exists() and Path(data).exists() and target.samefile(data):
        raise UserError(f"{option} {path} is the file that is read.", "Name another one.")
    return target
