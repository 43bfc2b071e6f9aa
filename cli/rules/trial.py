"""Tries rules on past transactions for the task `rules.try` and shows the figures of each rule."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text

from cli.models.datasets import check_dataset, check_outputs, iterate_batches, open_dataset, user_errors
from detection.data.atomic_file import replace_atomically
from detection.data.columns import LabelledTransaction
from detection.data.csv_writer import CsvWriter
from detection.evaluation.rule_trial import MatchSink, RuleTrial
from detection.replay.replay import replay_batches
from detection.report.number_format import format_count, format_percent
from detection.rules.rule_file import read_rules
from functions.common.domain.features import DEFAULT_LABEL_DELAY_DAYS
from terminal.durations import parse_duration_ms
from terminal.output import console, print_json, print_message
from terminal.progress import show_progress_bar

_COLUMNS = ("rule", "transaction_id", "timestamp_ms", "account_id", "merchant_id", "amount", "is_fraud")
_LABELS = {True: "1", False: "0", None: ""}


def try_rules(
    data: str,
    rules_file: Path,
    *,
    label_delay: str,
    unit: str = "",
    columns: str = "",
    timezone: str = "",
    rejects: str = "",
    out: str = "",
    as_json: bool = False,
) -> None:
    """Print the figures of each rule, and write all matches to `out` unless it is empty. Raises UserError."""
    label_delay_ms = parse_duration_ms("--label-delay", label_delay)
    inputs = {"--data": data, "--columns": columns, "--rules": str(rules_file)}
    check_outputs({"--out": out, "--rejects": rejects}, inputs)
    with user_errors():
        rules = read_rules(rules_file)
        dataset = open_dataset(data, unit, columns=columns, timezone=timezone, rejects=rejects, labels=False)
        check_dataset(dataset)
        with (
            _open_match_sink(out) as sink,
            show_progress_bar("replaying", dataset.size_bytes) as update,
        ):
            trial = RuleTrial(rules, sink)
            replayed = replay_batches(
                iterate_batches(dataset, update),
                label_delay_ms=label_delay_ms,
                label_delay_days=DEFAULT_LABEL_DELAY_DAYS,
            )
            for featured in replayed:
                trial.add_batch(featured)
    for note in trial.notes():
        print_message(note)
    if as_json:
        print_json(_trial_object(trial, data, rules_file))
    else:
        console.print(_trial_table(trial, data, rules_file))


@contextmanager
def _open_match_sink(out: str) -> Iterator[MatchSink]:
    """A sink that writes matches to the file `out`, or discards them if `out` is empty."""
    if not out:
        yield lambda _rule, _labelled: None
        return
    with replace_atomically(Path(out)) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = CsvWriter(stream)
        writer.write(_COLUMNS)
        yield lambda rule, labelled: writer.write(_row_cells(rule, labelled))


def _row_cells(rule: str, labelled: LabelledTransaction) -> tuple[object, ...]:
    transaction = labelled.transaction
    return (
        rule,
        transaction.transaction_id,
        transaction.timestamp,
        transaction.account_id,
        transaction.merchant_id,
        transaction.amount,
        _LABELS[labelled.is_fraud],
    )


def _trial_object(trial: RuleTrial, data: str, rules_file: Path) -> dict[str, object]:
    return {
        "data": data,
        "rules_file": str(rules_file),
        "transactions": trial.transactions,
        "labelled": trial.labelled,
        "frauds": trial.frauds,
        "rules": [msgspec.to_builtins(figures) for figures in trial.rules()],
        "together": msgspec.to_builtins(trial.together()),
        "notes": trial.notes(),
    }


def _trial_table(trial: RuleTrial, data: str, rules_file: Path) -> Table:
    transactions = f"{format_count(trial.transactions)} transactions"
    labels = f"{format_count(trial.frauds)} fraud" if trial.labelled else "without labels"
    table = Table(
        title=Text(f"{rules_file} on {Path(data).name}: {transactions}, {labels}"), title_justify="left"
    )
    table.add_column("rule")
    for column in (
        "mode",
        "flagged",
        "share",
        "expected",
        *(("fraud", "precision", "recall") if trial.labelled else ()),
    ):
        table.add_column(column, justify="right")
    for rule in (*trial.rules(), trial.together()):
        figures = (format_count(rule.frauds), format_percent(rule.precision), format_percent(rule.recall))
        label_figures = figures if trial.labelled else ()
        shares = (format_percent(rule.share), format_percent(rule.expected_share))
        table.add_row(Text(rule.id), rule.mode, format_count(rule.flagged), *shares, *label_figures)
    return table
