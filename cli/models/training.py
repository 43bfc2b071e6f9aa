"""Trains a model on a file of the past and shows its card."""

import hashlib
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.models.datasets import checked, not_the_data, opened, rows
from cli.models.options import Trained
from cli.models.told import told_to_users
from detection.data.atomic_file import replaced
from detection.data.dataset import Dataset, Facts
from detection.data.dates import DAY_MS, begin_ms, end_ms
from detection.training.train import DEFAULT_ALERTS_PER_DAY, Training
from detection.training.train import train as trained
from functions.fraud.scoring.model import MOST_LABEL_DELAY_DAYS, Model
from terminal.durations import milliseconds
from terminal.errors import UserError
from terminal.output import console, print_json
from terminal.progress_bar import bar


def train(typed: Trained) -> None:
    """Write the artifact, whole or not at all, and print its card. Raises UserError."""
    out = not_the_data("--out", typed.out, typed.data)
    days, alerts, precision = _label_delay_days(typed), _alerts_per_day(typed), _precision(typed)
    with told_to_users():
        dataset = opened(typed.data, typed.unit)
        facts = checked(dataset)
        training = Training(
            from_ms=_begin_ms(typed, facts),
            to_ms=end_ms("--to", typed.train_to, facts.first_ms) if typed.train_to else facts.last_ms + 1,
            label_delay_days=days,
            seed=int(typed.seed),
            alerts_per_day=alerts,
            precision=precision,
            data_sha256=_sha256(dataset.path),
        )
        with replaced(out) as draft:
            artifact = _trained(dataset, training)
            draft.write_bytes(artifact)
    _show(typed, Model.from_json(artifact), len(artifact))


def _trained(dataset: Dataset, training: Training) -> bytes:
    with bar("training", dataset.size_bytes) as done:
        return trained(rows(dataset, done), training)


def _begin_ms(typed: Trained, facts: Facts) -> int:
    return begin_ms("--from", typed.train_from, facts.first_ms) if typed.train_from else facts.first_ms


def _label_delay_days(typed: Trained) -> int:
    delay_ms = milliseconds("--label-delay", typed.label_delay)
    if delay_ms % DAY_MS or delay_ms > MOST_LABEL_DELAY_DAYS * DAY_MS:
        raise UserError(
            f"--label-delay {typed.label_delay} is not whole days, up to {MOST_LABEL_DELAY_DAYS}.",
            "Give one such as 7d.",
        )
    return delay_ms // DAY_MS


def _alerts_per_day(typed: Trained) -> float:
    if typed.alerts_per_day and typed.precision:
        raise UserError("--alerts-per-day and --precision are two ways to choose a threshold.", "Give one.")
    if not typed.alerts_per_day:
        return DEFAULT_ALERTS_PER_DAY
    alerts = _number("--alerts-per-day", typed.alerts_per_day)
    if not 0 < alerts < float("inf"):
        raise UserError(f"--alerts-per-day {typed.alerts_per_day} is not above 0.")
    return alerts


def _precision(typed: Trained) -> float | None:
    if not typed.precision:
        return None
    precision = _number("--precision", typed.precision)
    if not 0 < precision <= 1:
        raise UserError(f"--precision {typed.precision} is no share above 0 and up to 1.", "Give 0.5, say.")
    return precision


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{option} {text} is no number.") from None


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _show(typed: Trained, model: Model, size_bytes: int) -> None:
    found = {"out": typed.out, "version": model.version, "threshold": model.threshold, **model.card}
    if typed.as_json:
        print_json(found)
        return
    table = Table(title=Text(f"Model {model.version}", style="bold"), title_justify="left", show_header=False)
    for name, value in {**found, "size": f"{size_bytes / 1000:,.0f} kB"}.items():
        table.add_row(name.replace("_", " "), Text(_words(name, value)))
    console.print(table)
    console.print(Text(f"Test it: invoke backtest --data FILE --model {typed.out}"), style="dim")


def _words(name: str, value: Any) -> str:
    """A value of the card for people."""
    if name == "out_of_fold":
        return "\n".join(
            f"{figure.replace('_', ' ')}: {ends['value']:.4f} ({ends['from']:.4f} to {ends['to']:.4f})"
            for figure, ends in value.items()
        )
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(
            f"{key} {part:.4g}" if isinstance(part, float) else f"{key} {part}" for key, part in value.items()
        )
    return str(value)
