"""Runs a backtest for the task `backtest`: checks the dataset, replays it and writes the results."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from cli.models.datasets import check_dataset, check_outputs, open_dataset, user_errors
from cli.models.model_file import read_model
from detection.data.atomic_file import replace_atomically
from detection.data.dataset import Dataset, DatasetSummary
from detection.data.dates import format_day, format_iso_time, format_timestamp, parse_period_end_ms
from detection.evaluation.backtest import Backtest, BacktestPeriod, DecisionSink
from detection.evaluation.figures import Figures, GroupFigures
from detection.evaluation.result import BacktestResult, result_to_json
from detection.evaluation.rule_notes import describe_rules
from detection.evaluation.scores_file import open_scores_file
from detection.report.html import list_parts, render_report
from detection.report.number_format import format_count, format_decimals, format_euros, format_percent
from detection.rules.learned_rules import describe_unlearned_rules
from detection.rules.rule_file import read_rules
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import FraudModel
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer
from terminal.durations import parse_duration_ms
from terminal.errors import UserError
from terminal.output import console, print_json, print_message
from terminal.progress import show_progress_bar

_MUCH_MORE = 1.5


def run_backtest(
    data: str,
    rules_file: Path,
    *,
    model: str = "",
    unit: str = "",
    columns: str = "",
    timezone: str = "",
    rejects: str = "",
    test_from: str = "",
    test_to: str = "",
    label_delay: str = "",
    without: str = "",
    scores: str = "",
    html: str = "",
    as_json: bool = False,
) -> None:
    """Print the figures and write the output files atomically. An empty string is an option without a value.

    Raises UserError.
    """
    inputs = {"--data": data, "--columns": columns, "--rules": str(rules_file), "--model": model}
    check_outputs({"--html": html, "--scores": scores, "--rejects": rejects}, inputs)
    with user_errors():
        rules = read_rules(rules_file)
        fraud_model = read_model(Path(model)) if model else None
        # The features stay the same if the model is left out.
        label_delay_days = Scorer(rules, fraud_model).label_delay_days
        card = fraud_model.card if fraud_model else {}
        rules, fraud_model = _leave_out(without, rules, fraud_model)
        label_delay_ms = label_delay_days * DAY_MS
        if label_delay:
            label_delay_ms = parse_duration_ms("--label-delay", label_delay)
        dataset = open_dataset(data, unit, columns=columns, timezone=timezone, rejects=rejects)
        summary = check_dataset(dataset)
        if not test_from and not test_to:
            test_from = _choose_first_day(card, summary, label_delay_ms)
        period = BacktestPeriod.from_options(
            summary, label_delay_ms=label_delay_ms, test_from=test_from, test_to=test_to
        )
        warnings = _list_warnings(model, rules, fraud_model, period)
        with ExitStack() as stack:
            # Output files are opened first, so that an error occurs before the replay.
            report = sink = None
            if html:
                report = stack.enter_context(replace_atomically(Path(html)))
            if scores:
                sink = stack.enter_context(open_scores_file(Path(scores)))
            backtest = Backtest(rules, fraud_model, period, label_delay_days)
            result = _replay_dataset(
                dataset, backtest, rules=rules, model=fraud_model, period=period, sink=sink, warnings=warnings
            )
            for warning in result.warnings:
                print_message(warning)
            # The findings about the dataset are printed already.
            result = replace(result, warnings=[*dataset.notes(), *summary.notes, *result.warnings])
            if report is not None:
                report.write_text(render_report(result), encoding="utf-8")
    if as_json:
        print_json(result_to_json(result))
        return
    for table in _build_tables(result):
        console.print(table)


def _choose_first_day(card: Mapping[str, Any], summary: DatasetSummary, label_delay_ms: int) -> str:
    """The first day that the model did not learn from, or empty for the whole dataset.

    The labels of the training days have arrived by then, if the dataset has so many days.
    """
    begin, end = (format_iso_time(time_ms) for time_ms in (summary.first_ms, summary.last_ms))
    if not ("to" in card and card.get("from", end) <= end and begin < card["to"]):
        return ""
    trained_ms = parse_period_end_ms("to", card["to"], summary.first_ms)
    days = (-(-time_ms // DAY_MS) for time_ms in (trained_ms + label_delay_ms, trained_ms))
    day = next((format_day(day) for day in days if day * DAY_MS <= summary.last_ms), "")
    if day:
        print_message(
            f"The test begins on {day}, after the days of training. --test-from tests from another day on."
        )
    return day


def _leave_out(without: str, rules: RuleSet, model: FraudModel | None) -> tuple[RuleSet, FraudModel | None]:
    """The rules and the model without the part that the option `--without` names. Raises UserError."""
    if without not in ("", "rules", "model"):
        raise UserError(f"--without: '{without}' is unknown.", "Use rules or model.")
    if without == "rules" and model is None:
        raise UserError(
            "--without rules: nothing decides without rules and without a model.", "Add --model FILE."
        )
    if without == "rules":
        return msgspec.structs.replace(rules, rules=()), model
    return rules, None if without == "model" else model


def _list_warnings(
    model: str, rules: RuleSet, fraud_model: FraudModel | None, period: BacktestPeriod
) -> list[str]:
    """The findings before the replay, one line each."""
    warnings = []
    if fraud_model and _overlaps_training(fraud_model, period):
        warnings.append(
            f"{model}: the model was trained on tested days, so the figures are too good."
            " Use a later --test-from."
        )
    if fraud_model and (note := describe_unlearned_rules(rules, fraud_model)):
        warnings.append(note)
    return warnings


def _describe_labels(figures: Figures) -> Iterator[str]:
    """A warning if the tested transactions do not have both labels."""
    tested = figures.tested
    if not figures.everything.transactions:
        yield (
            "No tested transaction has a label: precision, recall and rankings mean nothing. Test other days."
        )
    elif tested.transactions and tested.frauds in (0, tested.transactions):
        label = "fraud" if tested.frauds else "genuine"
        yield (
            f"All tested transactions with a label are {label}: precision, recall and rankings mean nothing."
            " Test other days, or a dataset with both labels."
        )


def _describe_budget(asked: Mapping[str, float], figures: Figures) -> Iterator[str]:
    """A warning if there are clearly more alerts than the threshold was chosen for."""
    budget, actual = asked.get("alerts_per_day"), figures.everything.alerts_per_day
    if budget and actual and actual > _MUCH_MORE * budget:
        yield (
            f"{actual:,.0f} alerts a day, but the threshold was chosen for {budget:g}."
            " Train on the latest days, or on data with as many transactions a day as the tested data."
        )


def _overlaps_training(model: FraudModel, period: BacktestPeriod) -> bool:
    """True if the model was trained on a part of the period."""
    begin, end = format_iso_time(period.from_ms), format_iso_time(period.to_ms)
    return bool(model.card.get("from", end) < end and begin < model.card.get("to", begin))


def _replay_dataset(
    dataset: Dataset,
    backtest: Backtest,
    *,
    rules: RuleSet,
    model: FraudModel | None,
    period: BacktestPeriod,
    sink: DecisionSink | None,
    warnings: Sequence[str],
) -> BacktestResult:
    started = time.monotonic()
    with show_progress_bar("replaying", dataset.size_bytes) as update:
        figures = backtest.run_batches(dataset.sorted_batches(), sink, lambda: update(dataset.done_bytes))
    asked = model.card.get("threshold_by", {}) if model else {}
    return BacktestResult(
        data=dataset.path.name,
        model=backtest.scorer.model_version,
        rules=backtest.scorer.rules_version,
        period=period,
        threshold=model.threshold if model else None,
        rules_threshold=rules.threshold,
        figures=figures,
        seconds=time.monotonic() - started,
        asked=asked,
        warnings=[
            *warnings,
            *_describe_labels(figures),
            *_describe_budget(asked, figures),
            *describe_rules(figures.rules),
        ],
    )


def _build_tables(result: BacktestResult) -> Iterator[Table]:
    """The key figures, then the figures of scenarios and of rules, if there are any."""
    yield _figures_table(result)
    if result.figures.model_alone:
        yield _parts_table(result)
    if result.figures.scenarios:
        yield _scenarios_table(result)
    if any(rule.flagged for rule in result.figures.rules):
        yield _rules_table(result)


def _figures_table(result: BacktestResult) -> Table:
    first_day, last_day = (
        format_timestamp(time_ms)[:10] for time_ms in (result.period.from_ms, result.period.to_ms - 1)
    )
    table = _new_table(f"Backtest of {result.data}, {first_day} to {last_day}", "", "figure")
    tested = result.figures.tested
    model = f"model {result.model}" if result.model else "no model"
    for name, value in (
        ("decided by", f"{model}, rules {result.rules}"),
        ("transactions", f"{format_count(tested.transactions)}, {format_count(tested.frauds)} fraud"),
        ("excluded, of known accounts", format_count(result.excluded_transactions)),
        ("AUC ROC", format_decimals(tested.auc_roc)),
        ("average precision", format_decimals(tested.average_precision)),
        ("card precision@100", format_decimals(result.figures.card_precision_100)),
        ("precision", format_percent(tested.precision)),
        ("recall", format_percent(tested.recall)),
        ("recall at 1 % false positives", format_percent(tested.recall_at_1_percent)),
        ("detected value", _format_value(tested)),
        ("expected calibration error", format_decimals(result.figures.calibration_error)),
        ("alerts per day", format_count(tested.alerts_per_day)),
        ("alerts per day, with known accounts", format_count(result.figures.everything.alerts_per_day)),
        *((f"asked: {name.replace('_', ' ')}", f"{value:g}") for name, value in result.asked.items()),
    ):
        table.add_row(name, Text(value))
    return table


def _format_value(group: GroupFigures) -> str:
    detected, total = format_euros(group.detected_value_eur), format_euros(group.fraud_value_eur)
    return f"{detected} of {total}"


def _parts_table(result: BacktestResult) -> Table:
    names = ("AUC ROC", "average precision", "precision", "recall", "recall at 1 % FP", "alerts a day")
    table = _new_table("", "decided by", *names)
    for name, group in list_parts(result.figures):
        decimals = (format_decimals(group.auc_roc), format_decimals(group.average_precision))
        shares = (group.precision, group.recall, group.recall_at_1_percent)
        table.add_row(
            name, *decimals, *(format_percent(share) for share in shares), format_count(group.alerts_per_day)
        )
    return table


def _scenarios_table(result: BacktestResult) -> Table:
    table = _new_table("", "scenario", "frauds", "recall")
    for scenario in result.figures.scenarios:
        table.add_row(Text(scenario.name), format_count(scenario.frauds), format_percent(scenario.recall))
    return table


def _rules_table(result: BacktestResult) -> Table:
    table = _new_table("", "rule", "mode", "holds for", "share", "fraud", "precision", "recall")
    for rule in result.figures.rules:
        counts = (format_count(rule.flagged), format_percent(rule.share), format_count(rule.frauds))
        shares = (format_percent(rule.precision), format_percent(rule.recall))
        table.add_row(Text(rule.id), rule.mode, *counts, *shares)
    return table


def _new_table(title: str, first_column: str, *number_columns: str) -> Table:
    table = Table(
        title=Text(title, style="bold") if title else None,
        title_justify="left",
        show_header=bool(first_column),
    )
    table.add_column(first_column)
    for name in number_columns:
        table.add_column(name, justify="right")
    return table
