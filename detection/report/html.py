"""The report of a backtest: one HTML file with figures, charts and rules, and no external resources."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from detection.data.dates import format_timestamp
from detection.evaluation.result import BacktestResult
from detection.report import panels
from detection.report.number_format import format_count, format_decimals, format_percent
from functions.common.domain.time_buckets import DAY_MS

_TEMPLATE = Path(__file__).with_name("report.html")


def render_report(result: BacktestResult) -> str:
    figures = result.figures
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"Backtest of {result.data}"),
        about="\n".join(f"<p>{escape(line)}</p>" for line in _introduction_lines(result)),
        numbers="\n".join(
            f"<div><b>{escape(value)}</b><span>{escape(name)}</span></div>"
            for name, value in _key_figures(result)
        ),
        charts="\n".join(
            [
                _render_section("Precision and recall", panels.render_precision_recall(result)),
                _render_section(
                    "Scores of genuine transactions and of fraud", panels.render_distribution(figures)
                ),
                _render_section("Alerts per day", panels.render_alerts(figures.days)),
                _render_section("Calibration", panels.render_calibration(figures)),
                *(
                    [_render_section("Recall by scenario", panels.render_scenarios(figures))]
                    if figures.scenarios
                    else []
                ),
                _render_section("Rules", panels.render_rules(figures), wide=True),
            ]
        ),
    )


def _introduction_lines(result: BacktestResult) -> Iterable[str]:
    period = result.period
    begin, last = format_timestamp(period.from_ms), format_timestamp(period.to_ms - 1)
    yield f"Transactions from {begin} to {last} UTC, decided in order of time as in the pipeline."
    yield f"Frauds are reported after {period.label_delay_ms / DAY_MS:g} days."
    yield (
        f"Model {result.model}, rules {result.rules}." if result.model else f"Rules {result.rules}, no model."
    )
    excluded = format_count(result.excluded_transactions)
    yield f"Excluded: {excluded} transactions of accounts known to be compromised at the start of the day."


def _key_figures(result: BacktestResult) -> Iterable[tuple[str, str]]:
    figures, tested = result.figures, result.figures.tested
    yield "transactions", format_count(tested.transactions)
    yield "frauds", format_count(tested.frauds)
    yield "AUC ROC", format_decimals(tested.auc_roc)
    yield "average precision", format_decimals(tested.average_precision)
    yield "card precision@100", format_decimals(figures.card_precision_100)
    yield "precision", format_percent(tested.precision)
    yield "recall", format_percent(tested.recall)
    yield "alerts per day", format_count(tested.alerts_per_day)
    if result.threshold is not None:
        yield "model threshold", format_decimals(result.threshold)
    yield "rules threshold", format_decimals(result.rules_threshold)


def _render_section(title: str, content: str, *, wide: bool = False) -> str:
    style = ' class="wide"' if wide else ""
    return f"<section{style}><h2>{escape(title)}</h2>{content}</section>"
