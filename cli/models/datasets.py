"""Datasets of tasks: options, progress, output files, and errors of detection as user errors."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

from detection.data.column_map import Unit, check_timezone
from detection.data.columns import TransactionBatch
from detection.data.dataset import Dataset, DatasetSummary
from detection.data.maps.map_reader import read_column_map
from detection.errors import DetectionError, EmptyDatasetError
from detection.rules.errors import FaultyRulesError
from functions.fraud.scoring.rules import RulesError
from terminal.errors import EmptyFileError, UserError
from terminal.output import print_message
from terminal.paths import is_same_file
from terminal.progress import show_progress_bar

UNITS: tuple[Unit, ...] = get_args(Unit)


@contextmanager
def user_errors() -> Iterator[None]:
    """Convert errors of detection to UserError."""
    try:
        yield
    except EmptyDatasetError as error:
        raise EmptyFileError(error.message, error.hint) from error
    except DetectionError as error:
        raise UserError(error.message, error.hint) from error
    except FaultyRulesError as error:
        raise UserError(str(error)) from error
    except RulesError as error:
        raise UserError(f"{error}.") from error


def open_dataset(
    data: str,
    unit: str = "",
    *,
    columns: str = "",
    timezone: str = "",
    rejects: str = "",
    labels: bool = True,
) -> Dataset:
    """Open the dataset and print its notes. Raises UserError or DetectionError.

    `columns`: a file with a map of the columns, or the name of a ready layout. `rejects`: the file for bad
    rows. `labels`: whether the dataset must have labels.
    """
    if timezone and not check_timezone(timezone):
        raise UserError(f"--timezone: '{timezone}' is unknown.", "Use a name such as UTC or Europe/Berlin.")
    check_outputs({"--rejects": rejects}, {"--data": data, "--columns": columns})
    dataset = Dataset(
        Path(data),
        unit=parse_unit(unit),
        labels=labels,
        columns=read_column_map(columns) if columns else None,
        timezone=timezone,
        rejects=Path(rejects) if rejects else None,
    )
    for note in dataset.notes():
        print_message(note)
    return dataset


def parse_unit(text: str) -> Unit | None:
    """The unit of the option `--unit`; None for an empty text. Raises UserError."""
    unit: Unit | None = next((name for name in UNITS if name == text), None)
    if text and unit is None:
        raise UserError(f"--unit: '{text}' is not a unit of timestamps.", f"Use one of {', '.join(UNITS)}.")
    return unit


def check_dataset(dataset: Dataset) -> DatasetSummary:
    """Check the whole dataset, show the progress and print the findings. Raises DatasetError."""
    with show_progress_bar("checking", dataset.size_bytes) as update:
        summary = dataset.check(update)
    for note in summary.notes:
        print_message(note)
    return summary


def iterate_batches(dataset: Dataset, update: Callable[[float], None]) -> Iterator[TransactionBatch]:
    """The transactions in order of time. `update` receives the number of bytes read. Raises DatasetError."""
    for batch in dataset.sorted_batches():
        yield batch
        update(dataset.done_bytes)


def check_outputs(outputs: Mapping[str, str], inputs: Mapping[str, str]) -> None:
    """Raise UserError if an output file is an input file or another output file.

    Both have the path of each option, empty if it is not given.
    """
    files = {option: path for option, path in {**inputs, **outputs}.items() if path}
    for option in [name for name in outputs if name in files]:
        path = Path(files.pop(option))
        for other, other_path in files.items():
            if is_same_file(path, Path(other_path)):
                raise UserError(f"{option}: {path} is also the file of {other}.", "Use another file.")
