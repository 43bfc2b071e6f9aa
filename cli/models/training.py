"""Trains a model for the task `train` and shows its card."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.models.datasets import check_outputs, user_errors
from cli.models.label_delay import parse_label_delay_days
from cli.models.training_data import TrainingData, open_training_data
from detection.data.atomic_file import replace_atomically
from detection.data.dates import format_timestamp, parse_period_begin_ms, parse_period_end_ms
from detection.rules.rule_file import read_rules
from detection.training.external_trees import read_booster
from detection.training.train import DEFAULT_ALERTS_PER_DAY, TrainingOptions, train_on_examples
from functions.fraud.scoring.model import FraudModel
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, print_json, print_message
from terminal.progress import show_activity

_CHANCE = 0.5


def train_model(
    data: str,
    out: str,
    rules_file: Path,
    *,
    unit: str = "",
    columns: str = "",
    timezone: str = "",
    rejects: str = "",
    label_delay: str = "7d",
    train_from: str = "",
    train_to: str = "",
    seed: int = 0,
    alerts_per_day: str = "",
    precision: str = "",
    trees: str = "",
    as_json: bool = False,
) -> None:
    """Write the artifact atomically and print its card. An empty string is an option without a value.

    Raises UserError.
    """
    inputs = {"--data": data, "--columns": columns, "--rules": str(rules_file), "--trees": trees}
    check_outputs({"--out": out, "--rejects": rejects}, inputs)
    if alerts_per_day and precision:
        raise UserError("--alerts-per-day and --precision exclude each other.", "Use one of them.")
    label_delay_days = parse_label_delay_days(label_delay)
    alerts, min_precision = _parse_alerts_per_day(alerts_per_day), _parse_precision(precision)
    with user_errors():
        rules = read_rules(rules_file)
        booster = read_booster(Path(trees)) if trees else None
        training_data = open_training_data(
            data, label_delay_days, unit=unit, columns=columns, timezone=timezone, rejects=rejects
        )
        from_ms, to_ms = _parse_period(training_data, train_from, train_to)
        options = TrainingOptions(
            from_ms=from_ms,
            to_ms=to_ms,
            label_delay_days=label_delay_days,
            seed=int(seed),
            alerts_per_day=alerts,
            precision=min_precision,
            data_sha256=training_data.sha256(),
            rules_version=rules.version,
        )
        with replace_atomically(Path(out)) as draft:
            examples = training_data.collect(options, rules)
            with show_activity("training"):
                artifact = train_on_examples(examples, options, booster)
            draft.write_bytes(artifact)
    model = FraudModel.from_json(artifact)
    if warning := _describe_chance(model.card):
        print_message(warning)
    _show_model(out, model, len(artifact), as_json=as_json)


def _parse_period(data: TrainingData, train_from: str, train_to: str) -> tuple[int, int]:
    """The trained period, by default without days that are history only or have few labels."""
    first_ms, last_ms = data.summary.first_ms, data.summary.last_ms
    to_ms = parse_period_end_ms("--to", train_to, first_ms) if train_to else data.default_to_ms()
    if not train_to and to_ms <= last_ms:
        print_message(
            f"Transactions from {format_timestamp(to_ms)} on are left out: most have no label yet."
            " --to trains until another day."
        )
    if train_from:
        return parse_period_begin_ms("--from", train_from, first_ms), to_ms
    from_ms = data.default_from_ms(min(to_ms, last_ms + 1))
    if from_ms > first_ms:
        print_message(
            f"Transactions before {format_timestamp(from_ms)[:10]} are history only: accounts have little"
            " history at the beginning of a file. --from trains from another day on."
        )
    return from_ms, to_ms


def _describe_chance(card: Mapping[str, Any]) -> str | None:
    """A warning if the model does not find fraud better than chance."""
    auc = card["out_of_fold"]["auc_roc"]
    if auc["from"] > _CHANCE:
        return None
    return (
        f"The model is not clearly better than chance: on days that it did not learn from, its AUC ROC is"
        f" {auc['value']:.2f} ({auc['from']:.2f} to {auc['to']:.2f}), and chance is {_CHANCE}."
        " Check the labels and the columns, or train on more frauds."
    )


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
    if name == "recipe":
        boosters = (f"booster: {_join_figures(size)}" for size in value["boosters"])
        return "\n".join([value["name"], *boosters, f"one-way constraints: {value['constraints']}"])
    if name == "recipe_candidates":
        return "\n".join(f"{candidate}: {precision:.4f}" for candidate, precision in value.items())
    return _join_figures(value) if isinstance(value, dict) else str(value)


def _join_figures(figures: Mapping[str, Any]) -> str:
    texts = (f"{value:.4g}" if isinstance(value, float) else str(value) for value in figures.values())
    return ", ".join(f"{name.replace('_', ' ')} {text}" for name, text in zip(figures, texts, strict=True))
