"""Runs a backtest for the task `backtest`: checks the dataset, replays it and writes the results."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from rich.table import Table
from rich.text import Text

from cli.models.datasets import check_dataset, open_dataset, output_path, user_errors
from detection.data.atomic_file import replace_atomically
from detection.data.dataset import Dataset
from detection.data.dates import format_iso_time, format_timestamp
from detection.evaluation.backtest import Backtest, BacktestPeriod, DecisionSink
from detection.evaluation.batch_model import build_batch_log_odds
from detection.evaluation.result import BacktestResult, result_to_json
from detection.evaluation.scores_file import open_scores_file
from detection.report.html import render_report
from detection.report.number_format import format_count, format_decimals, format_percent
from detection.rules.rule_file import read_rules
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.model import ArtifactError, FraudModel
from functions.fraud.scoring.rules import RuleSet
from functions.fraud.scoring.scorer import Scorer
from terminal.durations import parse_duration_ms
from terminal.errors import UserError
from terminal.output import console, print_json, print_message
from terminal.progress import show_progress_bar


def run_backtest(
    data: str,
    rules_file: Path,
    *,
    model: str = "",
    unit: str = "",
    test_from: str = "",
    test_to: str = "",
    label_delay: str = "",
    scores: str = "",
    html: str = "",
    as_json: bool = False,
) -> None:
    """Print the figures and write the output files atomically. An empty string is an option without a value.

    Raises UserError.
    """
    with user_errors():
        rules = read_rules(rules_file)
        fraud_model = _read_model(Path(model)) if model else None
        scorer = Scorer(rules, fraud_model)
        label_delay_ms = scorer.label_delay_days * DAY_MS
        if label_delay:
            label_delay_ms = parse_duration_ms("--label-delay", label_delay)
        dataset = open_dataset(data, unit)
        period = BacktestPeriod.from_options(
            check_dataset(dataset), label_delay_ms=label_delay_ms, test_from=test_from, test_to=test_to
        )
        if fraud_model and _overlaps_training(fraud_model, period):
            print_message(
                f"{model}: the model was trained on tested days, so the figures are too good."
                " Use a later --test-from."
            )
        with ExitStack() as stack:
            # Output files are opened first, so that an error occurs before the replay.
            report = sink = None
            if html:
                report = stack.enter_context(replace_atomically(output_path("--html", html, data)))
            if scores:
                sink = stack.enter_context(open_scores_file(output_path("--scores", scores, data)))
            result = _replay_dataset(
                dataset, scorer=scorer, rules=rules, model=fraud_model, period=period, sink=sink
            )
            if report is not None:
                report.write_text(render_report(result), encoding="utf-8")
    if as_json:
        print_json(result_to_json(result))
        return
    for table in _build_tables(result):
        console.print(table)


def _read_model(path: Path) -> FraudModel:
    """Read the artifact of a model. Raises UserError."""
    try:
        return FraudModel.from_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.", "Check the path.") from error
    except ArtifactError as error:
        raise UserError(f"{path}: {error}.") from error


def _overlaps_training(model: FraudModel, period: BacktestPeriod) -> bool:
    """True if the model was trained on a part of the period."""
    begin, end = format_iso_time(period.from_ms), format_iso_time(period.to_ms)
    return bool(model.card.get("from", end) < end and begin < model.card.get("to", begin))


def _replay_dataset(
    dataset: Dataset,
    *,
    scorer: Scorer,
    rules: RuleSet,
    model: FraudModel | None,
    period: BacktestPeriod,
    sink: DecisionSink | None,
) -> BacktestResult:
    started = time.monotonic()
    with show_progress_bar("replaying", dataset.size_bytes) as update:
        batch_log_odds = build_batch_log_odds(model) if model else None
        figures = Backtest(scorer, rules.rules, period, batch_log_odds).run(
            dataset.rows(), sink, lambda: update(dataset.done_bytes)
        )
    return BacktestResult(
        data=dataset.path.name,
        model=scorer.model_version,
        rules=scorer.rules_version,
        period=period,
        threshold=model.threshold if model else None,
        rules_threshold=rules.threshold,
        figures=figures,
        seconds=time.monotonic() - started,
    )


def _build_tables(result: BacktestResult) -> Iterator[Table]:
    """The key figures, then the figures of scenarios and of rules, if there are any."""
    yield _figures_table(result)
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
        ("alerts per day", format_count(tested.alerts_per_day)),
    ):
        table.add_row(name, Text(value))
    return table


def _scenarios_table(result: BacktestResult) -> Table:
    table = _new_table("", "scenario", "frauds", "recall")
    for scenario in result.figures.scenarios:
        table.add_row(Text(scenario.name), format_count(scenario.frauds), format_percent(scenario.recall))
    return table


def _rules_table(result: BacktestResult) -> Table:
    table = _new_table("", "rule", "mode", "holds for", "fraud", "precision", "recall")
    for rule in result.figures.rules:
        counts = (format_count(rule.flagged), format_count(rule.frauds))
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
