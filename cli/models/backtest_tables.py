"""A backtest's figures as tables on a terminal."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from detection.data.dates import readable_time
from detection.evaluation.result import Result
from detection.report.number_format import count, decimals, percent


def shown(result: Result) -> Iterator[Table]:
    """The figures, then what each kind of fraud and each rule comes to."""
    yield _figures(result)
    if result.figures.scenarios:
        yield _scenarios(result)
    if any(rule.flagged for rule in result.figures.rules):
        yield _rules(result)


def _figures(result: Result) -> Table:
    begin, last = (readable_time(time)[:10] for time in (result.period.from_ms, result.period.to_ms - 1))
    table = _table(f"Backtest of {result.data}, {begin} to {last}", "", "figure")
    tested = result.figures.tested
    model = f"model {result.model}" if result.model else "no model"
    for name, value in (
        ("decided by", f"{model}, rules {result.rules}"),
        ("transactions", f"{count(tested.transactions)}, {count(tested.frauds)} fraud"),
        ("left out, of known accounts", count(result.left_out)),
        ("AUC ROC", decimals(tested.auc_roc)),
        ("average precision", decimals(tested.average_precision)),
        ("card precision@100", decimals(result.figures.card_precision_100)),
        ("precision", percent(tested.precision)),
        ("recall", percent(tested.recall)),
        ("alerts per day", count(tested.alerts_per_day)),
    ):
        table.add_row(name, Text(value))
    return table


def _scenarios(result: Result) -> Table:
    table = _table("", "scenario", "frauds", "recall")
    for one in result.figures.scenarios:
        table.add_row(Text(one.name), count(one.frauds), percent(one.recall))
    return table


def _rules(result: Result) -> Table:
    table = _table("", "rule", "mode", "holds for", "fraud", "precision", "recall")
    for rule in result.figures.rules:
        figures = (count(rule.flagged), count(rule.frauds), percent(rule.precision), percent(rule.recall))
        table.add_row(Text(rule.id), rule.mode, *figures)
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(
        title=Text(title, style="bold") if title else None, title_justify="left", show_header=bool(first)
    )
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table
