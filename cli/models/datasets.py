"""Datasets of tasks: options, progress, output files, and errors of detection as user errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from detection.data.columns import UNIT_NAMES, LabelledTransaction
from detection.data.dataset import Dataset, DatasetSummary
from detection.data.row_errors import Unit
from detection.errors import DetectionError
from detection.rules.errors import FaultyRulesError
from functions.fraud.scoring.rules import RulesError
from terminal.errors import UserError
from terminal.output import print_message
from terminal.progress import show_progress_bar

_PROGRESS_ROWS = 1 << 12


@contextmanager
def user_errors() -> Iterator[None]:
    """Convert errors of detection to UserError."""
    try:
        yield
    except DetectionError as error:
        raise UserError(error.message, error.hint) from error
    except FaultyRulesError as error:
        raise UserError(str(error)) from error
    except RulesError as error:
        raise UserError(f"{error}.") from error


def open_dataset(data: str, unit: str = "", *, labels: bool = True) -> Dataset:
    """Open the dataset and print its notes. Raises UserError or DatasetError.

    `labels`: whether the dataset must have labels.
    """
    given_unit: Unit | None = next((name for name in UNIT_NAMES if name == unit), None)
    if unit and given_unit is None:
        raise UserError(f"--unit: '{unit}' is not a unit of timestamps.", f"Use {' or '.join(UNIT_NAMES)}.")
    dataset = Dataset(Path(data), unit=given_unit, labels=labels)
    for note in dataset.notes():
        print_message(note)
    return dataset


def check_dataset(dataset: Dataset) -> DatasetSummary:
    """Check the whole dataset and show the progress. Raises DatasetError."""
    with show_progress_bar("checking", dataset.size_bytes) as update:
        return dataset.check(update)


def iterate_rows(dataset: Dataset, update: Callable[[float], None]) -> Iterator[LabelledTransaction]:
    """The transactions of the dataset. `update` receives the number of bytes read. Raises DatasetError."""
    for number, labelled in enumerate(dataset.rows()):
        if not number % _PROGRESS_ROWS:
            update(dataset.done_bytes)
        yield labelled


def output_path(option: str, path: str, data: str) -> Path:
    """The path of an output file. Raises UserError if it is the dataset."""
    target = Path(path)
    if target.exists() and Path(data).exists() and target.samefile(data):
        raise UserError(f"{option}: {path} is the input file.", "Use another file.")
    return target
