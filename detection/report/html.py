"""The report of a backtest: one HTML file with figures, charts and rules, and no external resources."""

import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from detection.data.dates import format_day, format_timestamp
from detection.evaluation.figures import DayFigures, Figures, GroupFigures
from detection.evaluation.result import BacktestResult
from detection.report.number_format import format_count, format_decimals, format_euros, format_percent
from detection.report.svg_charts import Plot, round_ticks, share_ticks
from functions.common.domain.time_buckets import DAY_MS

_TEMPLATE = Path(__file__).with_name("report.html")
# More bars would be narrower than a line. Several days then share a bar.
_MAX_BARS = 120


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
                _render_section("Precision and recall", _render_precision_recall(result)),
                _render_section("Scores of genuine transactions and of fraud", _render_distribution(figures)),
                _render_section("Alerts per day", _render_alerts(figures.days)),
                _render_section("Calibration", _render_calibration(figures)),
                *(
                    [_render_section("Recall by scenario", _render_scenarios(figures))]
                    if figures.scenarios
                    else []
                ),
                *(
                    [_render_section("Rules and model", _render_parts(figures), wide=True)]
                    if figures.model_alone
                    else []
                ),
                _render_section("Rules", _render_rules(figures), wide=True),
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
    yield from (f"Note: {warning}" for warning in result.warnings)


def _key_figures(result: BacktestResult) -> Iterable[tuple[str, str]]:
    figures, tested = result.figures, result.figures.tested
    yield "transactions", format_count(tested.transactions)
    yield "frauds", format_count(tested.frauds)
    yield "AUC ROC", format_decimals(tested.auc_roc)
    yield "average precision", format_decimals(tested.average_precision)
    yield "card precision@100", format_decimals(figures.card_precision_100)
    yield "precision", format_percent(tested.precision)
    yield "recall", format_percent(tested.recall)
    yield "recall at 1 % false positives", format_percent(tested.recall_at_1_percent)
    yield "detected value", format_euros(tested.detected_value_eur)
    yield "detected share of the value", format_percent(tested.detected_value_share)
    yield "expected calibration error", format_decimals(figures.calibration_error)
    yield "alerts per day", format_count(tested.alerts_per_day)
    for name, value in result.asked.items():
        yield f"asked at training: {name.replace('_', ' ')}", f"{value:g}"
    if result.threshold is not None:
        yield "threshold", format_decimals(result.threshold)
    else:
        yield "rules threshold", format_decimals(result.rules_threshold)


def _render_section(title: str, content: str, *, wide: bool = False) -> str:
    style = ' class="wide"' if wide else ""
    return f"<section{style}><h2>{escape(title)}</h2>{content}</section>"


def _render_precision_recall(result: BacktestResult) -> str:
    """A curve of precision against recall, and a point for the decisions."""
    tested, points = result.figures.tested, result.figures.precision_recall
    if not points:
        return "<p>The period has no fraud.</p>"
    plot = Plot("Precision against recall", 1, 1)
    plot.axes("recall", "precision", share_ticks(), share_ticks())
    plot.line([(point.recall, point.precision) for point in points], "a")
    if tested.precision is not None and tested.recall is not None:
        precision, recall = format_percent(tested.precision), format_percent(tested.recall)
        plot.dot(tested.recall, tested.precision, "b", f"decisions: precision {precision}, recall {recall}")
    return plot.svg() + _render_legend(("a", "thresholds of the score"), ("b", "decisions"))


def _render_distribution(figures: Figures) -> str:
    """Transactions by score, on a logarithmic scale."""
    bins = figures.distribution
    heights = [[math.log10(count + 1) for count in counts] for counts in bins]
    end = max(1.0, *(height for pair in heights for height in pair))
    plot = Plot("Transactions by score", 1, end)
    powers = [(math.log10(10**power + 1), f"{10**power:,}") for power in range(1, math.ceil(end))]
    plot.axes("score", "transactions", share_ticks(), [(0.0, "0"), *powers])
    for number, (pair, (genuine, frauds)) in enumerate(zip(heights, bins, strict=True)):
        begin, middle, stop = (edge / len(bins) for edge in (number, number + 0.5, number + 1))
        scores = f"scores from {begin:.3f} to {stop:.3f}"
        plot.bar((begin, middle), (0, pair[0]), "a", f"{format_count(genuine)} genuine, {scores}")
        plot.bar((middle, stop), (0, pair[1]), "b", f"{format_count(frauds)} fraud, {scores}")
    return plot.svg() + _render_legend(("a", "genuine"), ("b", "fraud"))


def _render_alerts(days: Sequence[DayFigures]) -> str:
    """Alerts by day, or by group of days."""
    size = max(math.ceil(len(days) / _MAX_BARS), 1)
    groups = [days[begin : begin + size] for begin in range(0, len(days), size)]
    bars = [
        (sum(day.caught for day in group) / len(group), sum(day.alerts for day in group) / len(group))
        for group in groups
    ]
    end = max((alerts for _, alerts in bars), default=0)
    ticks = round_ticks(end)
    plot = Plot("Alerts per day", len(bars), max(end, ticks[-1][0]))
    step = max(math.ceil(len(bars) / 4), 1)
    dates = [(number + 0.5, format_day(groups[number][0].day)) for number in range(0, len(bars), step)]
    plot.axes("day" if size == 1 else f"groups of {size} days, means", "alerts", dates, ticks)
    for number, (caught, alerts) in enumerate(bars):
        tooltip = f"{format_day(groups[number][0].day)}: {alerts:g} alerts, including {caught:g} frauds"
        plot.bar((number, number + 1), (0, caught), "b", tooltip)
        plot.bar((number, number + 1), (caught, alerts), "a", tooltip)
    return plot.svg() + _render_legend(("b", "fraud"), ("a", "false positives"))


def _render_calibration(figures: Figures) -> str:
    """The share of fraud against the mean score, by bin."""
    plot = Plot("Share of fraud against the mean score", 1, 1)
    plot.axes("mean score", "share of fraud", share_ticks(), share_ticks())
    plot.line([(0, 0), (1, 1)], "guide")
    for group in figures.calibration:
        if group.mean_score is not None and group.observed is not None:
            content = f"{format_count(group.transactions)} transactions, mean score {group.mean_score:.3f}"
            tooltip = f"{content}: {format_percent(group.observed)} fraud"
            plot.dot(group.mean_score, group.observed, "a", tooltip)
    return plot.svg() + _render_legend(
        ("a", "ten bins of the score; on the line, the score is the probability of fraud")
    )


def _render_scenarios(figures: Figures) -> str:
    """A table with a row for each scenario."""
    rows = [
        (scenario.name, format_count(scenario.frauds), format_percent(scenario.recall))
        for scenario in figures.scenarios
    ]
    return _render_table(("scenario", "frauds", "recall"), rows)


def _render_parts(figures: Figures) -> str:
    """A table with the figures of rules alone, of the model alone and of both."""
    rows = [
        (
            name,
            format_decimals(group.auc_roc),
            format_decimals(group.average_precision),
            format_percent(group.precision),
            format_percent(group.recall),
            format_percent(group.recall_at_1_percent),
            format_euros(group.detected_value_eur),
            format_count(group.alerts_per_day),
        )
        for name, group in list_parts(figures)
    ]
    names = (
        "AUC ROC",
        "average precision",
        "precision",
        "recall",
        "recall at 1 % FP",
        "detected",
        "alerts a day",
    )
    return _render_table(("decided by", *names), rows)


def list_parts(figures: Figures) -> list[tuple[str, GroupFigures]]:
    """The figures of rules alone, of the model alone and of both, each with its name."""
    parts = (
        ("rules alone", figures.rules_alone),
        ("model alone", figures.model_alone),
        ("rules and model", figures.tested),
    )
    return [(name, group) for name, group in parts if group is not None]


def _render_rules(figures: Figures) -> str:
    """A table with a row for each rule."""
    rows = [
        (
            rule.id,
            rule.mode,
            format_count(rule.flagged),
            format_percent(rule.share),
            format_count(rule.frauds),
            format_percent(rule.precision),
            format_percent(rule.recall),
        )
        for rule in figures.rules
    ]
    return _render_table(("rule", "mode", "holds for", "share", "of them fraud", "precision", "recall"), rows)


def _render_table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _render_legend(*entries: tuple[str, str]) -> str:
    return (
        '<p class="key">'
        + "".join(f'<span><i class="{style}"></i>{escape(text)}</span>' for style, text in entries)
        + "</p>"
    )
