"""The data of the task `train`: a dataset of transactions to replay, or exported decisions."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from cli.models.datasets import check_dataset, iterate_batches, open_dataset
from detection.data.dataset import Dataset, DatasetSummary
from detection.training.decided_examples import (
    DecidedDataset,
    DecidedSummary,
    collect_decided_examples,
    has_decided_examples,
)
from detection.training.examples import Examples, collect_batch_examples
from detection.training.sampling import GenuineSampler
from detection.training.train import TrainingOptions
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.rules import RuleSet
from terminal.errors import UserError
from terminal.output import print_message
from terminal.progress import show_activity, show_progress_bar

# The longest window of features.
_HISTORY_DAYS = 30


class ReplayedData(NamedTuple):
    """A dataset whose features come from a replay."""

    dataset: Dataset
    summary: DatasetSummary

    @classmethod
    def check(cls, dataset: Dataset) -> "ReplayedData":
        """Check the whole dataset. Raises DatasetError."""
        return cls(dataset, check_dataset(dataset))

    def default_from_ms(self, to_ms: int) -> int:
        """The begin of training without --from. The days before it are history only.

        They are at most a quarter of the dataset, and half of the days before `to_ms`.
        """
        first_day, first_ms = self.summary.first_ms // DAY_MS, self.summary.first_ms
        days, trained_days = (-(-end_ms // DAY_MS) - first_day for end_ms in (self.summary.last_ms, to_ms))
        history_days = min(_HISTORY_DAYS, days // 4, trained_days // 2)
        return (first_day + history_days) * DAY_MS if history_days > 0 else first_ms

    def default_to_ms(self) -> int:
        """The end of training without --to: before a last part in which only frauds have labels."""
        last_ms, last_genuine_ms = self.summary.last_ms, self.summary.last_genuine_ms
        if last_genuine_ms is None or not self.summary.unlabelled or last_ms - last_genuine_ms < DAY_MS:
            return last_ms + 1
        return last_genuine_ms + 1

    def sha256(self) -> str:
        with self.dataset.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def collect(self, options: TrainingOptions, rules: RuleSet) -> Examples:
        """Replay the dataset. Raises DetectionError."""
        genuine = self.summary.transactions - self.summary.frauds
        with show_progress_bar("replaying", self.dataset.size_bytes) as update:
            return collect_batch_examples(
                iterate_batches(self.dataset, update),
                label_delay_days=options.label_delay_days,
                from_ms=options.from_ms,
                to_ms=options.to_ms,
                rules=rules,
                sampler=GenuineSampler(genuine, seed=options.seed),
            )


class DecidedData(NamedTuple):
    """Exported decisions, whose features are recorded."""

    dataset: DecidedDataset
    summary: DecidedSummary

    @classmethod
    def check(cls, path: Path, label_delay_days: int) -> "DecidedData":
        """Count the decisions and print the notes. Raises DatasetError."""
        dataset = DecidedDataset(path, label_delay_days)
        with show_activity(f"Reading {path}"):
            summary = dataset.summary()
        for note in summary.notes():
            print_message(note)
        return cls(dataset, summary)

    def default_from_ms(self, _to_ms: int) -> int:
        """The first decision: recorded features contain their history."""
        return self.summary.first_ms

    def default_to_ms(self) -> int:
        """The end of training without --to: before a last part in which mostly frauds have labels."""
        return self.summary.labelled_until_ms

    def sha256(self) -> str:
        return self.dataset.sha256()

    def collect(self, options: TrainingOptions, rules: RuleSet) -> Examples:
        """Read the recorded features. Raises DetectionError."""
        with show_activity(f"Reading {self.dataset.path}"):
            return collect_decided_examples(
                self.dataset,
                from_ms=options.from_ms,
                to_ms=options.to_ms,
                rules=rules,
                seed=options.seed,
            )


TrainingData = ReplayedData | DecidedData


def open_training_data(
    data: str, label_delay_days: int, *, unit: str, columns: str, timezone: str, rejects: str
) -> TrainingData:
    """Open and check the data. Exported decisions need no options that describe a dataset.

    Raises UserError or DetectionError.
    """
    if not has_decided_examples(Path(data)):
        dataset = open_dataset(data, unit, columns=columns, timezone=timezone, rejects=rejects)
        return ReplayedData.check(dataset)
    options = {"--unit": unit, "--columns": columns, "--timezone": timezone, "--rejects": rejects}
    for option, value in options.items():
        if value:
            raise UserError(
                f"{option}: exported decisions need no such option.",
                "Remove it, or train on a file of transactions.",
            )
    return DecidedData.check(Path(data), label_delay_days)
