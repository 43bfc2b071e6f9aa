"""Trains a model for the task `train` and shows its card."""

import hashlib
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.models.datasets import check_dataset, iterate_rows, open_dataset, output_path, user_errors
from detection.data.atomic_file import replace_atomically
from detection.data.dates import parse_period_begin_ms, parse_period_end_ms
from detection.training.train import DEFAULT_ALERTS_PER_DAY, TrainingOptions, train_artifact
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import MAX_LABEL_DELAY_DAYS, MIN_LABEL_DELAY_DAYS, FraudModel
from terminal.command_line import command_line
from terminal.durations import parse_duration_ms
from terminal.errors import UserError
from terminal.output import console, print_json
from terminal.progress import show_progress_bar


def train_model(
    data: str,
    out: str,
    *,
    unit: str = "",
    label_delay: str = "7d",
    train_from: str = "",
    train_to: str = "",
    seed: int = 0,
    alerts_per_day: str = "",
    precision: str = "",
    as_json: bool = False,
) -> None:
    """Write the artifact atomically and print its card. An empty string is an option without a value.

    Raises UserError.
    """
    path = output_path("--out", out, data)
    if alerts_per_day and precision:
        raise UserError("--alerts-per-day and --precision exclude each other.", "Use one of them.")
    label_delay_days = _parse_label_delay_days(label_delay)
    alerts, min_precision = _parse_alerts_per_day(alerts_per_day), _parse_precision(precision)
    with user_errors():
        dataset = open_dataset(data, unit)
        summary = check_dataset(dataset)
        first_ms = summary.first_ms
        options = TrainingOptions(
            from_ms=parse_period_begin_ms("--from", train_from, first_ms) if train_from else first_ms,
            to_ms=parse_period_end_ms("--to", train_to, first_ms) if train_to else summary.last_ms + 1,
            label_delay_days=label_delay_days,
            seed=int(seed),
            alerts_per_day=alerts,
            precision=min_precision,
            data_sha256=_hash_file(dataset.path),
        )
        with replace_atomically(path) as draft:
            with show_progress_bar("training", dataset.size_bytes) as update:
                artifact = train_artifact(iterate_rows(dataset, update), options)
            draft.write_bytes(artifact)
    _show_model(out, FraudModel.from_json(artifact), len(artifact), as_json=as_json)


def _parse_label_delay_days(text: str) -> int:
    delay_ms = parse_duration_ms("--label-delay", text)
    if delay_ms % DAY_MS or not MIN_LABEL_DELAY_DAYS <= delay_ms // DAY_MS <= MAX_LABEL_DELAY_DAYS:
        raise UserError(
            f"--label-delay: '{text}' is not a whole number of days from {MIN_LABEL_DELAY_DAYS} to"
            f" {MAX_LABEL_DELAY_DAYS}.",
            "Use a duration such as 7d.",
        )
    return delay_ms // DAY_MS


def _parse_alerts_per_day(text: str) -> float:
    if not text:
        return DEFAULT_ALERTS_PER_DAY
    alerts = _parse_number("--alerts-per-day", text)
    if not 0 < alerts < float("inf"):
        raise UserError(f"--alerts-per-day: '{text}' is not above 0.", "Use a number such as 50.")
    return alerts


def _parse_precision(text: str) -> float | None:
    if not text:
        return None
    precision = _parse_number("--precision", text)
    if not 0 < precision <= 1:
        raise UserError(f"--precision: '{text}' is not above 0 and at most 1.", "Use a number such as 0.5.")
    return precision


def _parse_number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UserError(f"{option}: '{text}' is not a number.", "Use a number such as 0.5 or 50.") from None


def _hash_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _show_model(out: str, model: FraudModel, size_bytes: int, *, as_json: bool) -> None:
    fields = {"out": out, "version": model.version, "threshold": model.threshold, **model.card}
    if as_json:
        print_json(fields)
        return
    table = Table(title=Text(f"Model {model.version}", style="bold"), title_justify="left", show_header=False)
    for name, value in {**fields, "size": f"{size_bytes / 1000:,.0f} kB"}.items():
        table.add_row(name.replace("_", " "), Text(_format_card_value(name, value)))
    console.print(table)
    command = command_line("backtest", "--data", "FILE", "--model", out)
    console.print(Text(f"Backtest the model: {command}"), style="dim")


def _format_card_value(name: str, value: Any) -> str:
    if name == "out_of_fold":
        return "\n".join(
            f"{figure.replace('_', ' ')}: "
            f"{interval['value']:.4f} ({interval['from']:.4f} to {interval['to']:.4f})"
            for figure, interval in value.items()
        )
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(
            f"{key} {part:.4g}" if isinstance(part, float) else f"{key} {part}" for key, part in value.items()
        )
    return str(value)
