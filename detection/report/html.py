"""A backtest as one HTML file: figures, charts, and what each rule does; it loads nothing from elsewhere."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from detection.data.dates import DAY_MS, readable_time
from detection.evaluation.result import Result
from detection.report import panels
from detection.report.number_format import count, decimals, percent

_TEMPLATE = Path(__file__).with_name("report.html")


def html(result: Result) -> str:
    """The page."""
    figures = result.figures
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"Backtest of {result.data}"),
        about="\n".join(f"<p>{escape(line)}</p>" for line in _about(result)),
        numbers="\n".join(
            f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>"
            for name, value in _numbers(result)
        ),
        charts="\n".join(
            [
                _section("Precision and recall", panels.curve(result)),
                _section("Scores of genuine transactions and of fraud", panels.distribution(figures)),
                _section("Alerts per day", panels.alerts(figures.days)),
                _section("Calibration", panels.calibration(figures)),
                *([_section("Recall by scenario", panels.scenarios(figures))] if figures.scenarios else []),
                _section("Rules", panels.rules(figures), wide=True),
            ]
        ),
    )


def _about(result: Result) -> Iterable[str]:
    period = result.period
    begin, last = readable_time(period.from_ms), readable_time(period.to_ms - 1)
    yield f"Transactions from {begin} to {last} UTC, decided one after the other as the pipeline would have."
    yield f"Frauds are reported after {period.label_delay_ms / DAY_MS:g} days."
    yield (
        f"Model {result.model}, rules {result.rules}." if result.model else f"Rules {result.rules}, no model."
    )
    known = "of accounts that were known to be compromised when the day began"
    yield f"Left out: {count(result.left_out)} transactions {known}."


def _numbers(result: Result) -> Iterable[tuple[str, str]]:
    figures, tested = result.figures, result.figures.tested
    yield "transactions", count(tested.transactions)
    yield "frauds", count(tested.frauds)
    yield "AUC ROC", decimals(tested.auc_roc)
    yield "average precision", decimals(tested.average_precision)
    yield "card precision@100", decimals(figures.card_precision_100)
    yield "precision", percent(tested.precision)
    yield "recall", percent(tested.recall)
    yield "alerts per day", count(tested.alerts_per_day)
    if result.threshold is not None:
        yield "model's threshold", decimals(result.threshold)
    yield "rules' threshold", decimals(result.rules_threshold)


def _section(title: str, content: str, *, wide: bool = False) -> str:
    style = ' class="wide"' if wide else ""
    return f"<section{style}><h2>{escape(title)}</h2>{content}</section>"
