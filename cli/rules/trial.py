"""Tries rules on a file of past transactions, and shows what each would have flagged."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.table import Table
from rich.text import Text

from cli.models.datasets import checked, not_the_data, opened, rows
from cli.models.told import told_to_users
from detection.data.atomic_file import replaced
from detection.data.columns import Labelled
from detection.evaluation.rule_trial import Sink, Trial
from detection.replay import replay
from detection.report.number_format import count, percent
from detection.rules.rule_file import rules_of
from functions.common.domain.features import DEFAULT_LABEL_DELAY_DAYS
from terminal.durations import milliseconds
from terminal.output import console, print_json
from terminal.progress_bar import bar

_COLUMNS = ("rule", "transaction_id", "timestamp_ms", "account_id", "merchant_id", "amount", "is_fraud")
_LABELS = {True: "1", False: "0", None: ""}


class Asked(NamedTuple):
    """What was typed; `out` may be empty."""

    data: str
    rules: Path
    label_delay: str
    unit: str
    out: str
    as_json: bool


def try_rules(asked: Asked) -> None:
    """Print what each rule comes to. Raises UserError."""
    label_delay_ms = milliseconds("--label-delay", asked.label_delay)
    with told_to_users():
        rules = rules_of(asked.rules)
        dataset = opened(asked.data, asked.unit, labels=False)
        checked(dataset)
        with _sink(asked) as sink, bar("replaying", dataset.size_bytes) as done:
            trial = Trial(rules, sink)
            replayed = replay(
                rows(dataset, done), label_delay_ms=label_delay_ms, label_delay_days=DEFAULT_LABEL_DELAY_DAYS
            )
            for labelled, values in replayed:
                trial.add(labelled, values or [])
    _show(trial, asked)


@contextmanager
def _sink(asked: Asked) -> Iterator[Sink]:
    """Where what the rules hold for goes: the file that is asked for, else nowhere."""
    if not asked.out:
        yield lambda _rule, _labelled: None
        return
    target = not_the_data("--out", asked.out, asked.data)
    with replaced(target) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        yield lambda rule, labelled: writer.writerow(_row(rule, labelled))


def _row(rule: str, labelled: Labelled) -> tuple[object, ...]:
    one = labelled.transaction
    ids = (one.transaction_id, one.timestamp, one.account_id, one.merchant_id)
    return (rule, *ids, one.amount, _LABELS[labelled.is_fraud])


def _show(trial: Trial, asked: Asked) -> None:
    if asked.as_json:
        everything = {
            "data": asked.data,
            "rules_file": str(asked.rules),
            "transactions": trial.transactions,
            "labelled": trial.labelled,
            "frauds": trial.frauds,
            "rules": [msgspec.to_builtins(one) for one in trial.rules()],
            "together": msgspec.to_builtins(trial.together()),
        }
        print_json(everything)
        return
    labels = f"{count(trial.frauds)} fraud" if trial.labelled else "without labels"
    title = f"{asked.rules} on {Path(asked.data).name}: {count(trial.transactions)} transactions, {labels}"
    table = Table(title=Text(title), title_justify="left")
    table.add_column("rule")
    for column in ("mode", "flagged", *(("fraud", "precision", "recall") if trial.labelled else ())):
        table.add_column(column, justify="right")
    for one in (*trial.rules(), trial.together()):
        figures = (count(one.frauds), percent(one.precision), percent(one.recall)) if trial.labelled else ()
        table.add_row(Text(one.id), one.mode, count(one.flagged), *figures)
    console.print(table)
