"""Tables with the figures of a backtest."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from detection.data.dates import format_timestamp
from detection.evaluation.result import BacktestResult
from detection.report.number_format import format_count, format_decimals, format_percent


def build_tables(result: BacktestResult) -> Iterator[Table]:
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
