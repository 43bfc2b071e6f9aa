"""What a report consists of: a chart or a table for each kind of figures, as HTML."""

import math
from collections.abc import Iterable, Sequence
from html import escape

from detection.data.dates import readable_day
from detection.evaluation.figures import Day, Figures
from detection.evaluation.result import Result
from detection.report.number_format import count, percent
from detection.report.svg_charts import Plot, round_ticks, shares

# More bars than that are narrower than a line: several days then share one.
_MOST_BARS = 120


def curve(result: Result) -> str:
    """Precision against recall, and where the decisions stand."""
    tested, points = result.figures.tested, result.figures.precision_recall
    if not points:
        return "<p>There is no fraud to find.</p>"
    plot = Plot("Precision against recall", 1, 1)
    plot.axes("recall", "precision", shares(), shares())
    plot.line([(point.recall, point.precision) for point in points], "a")
    if tested.precision is not None and tested.recall is not None:
        said = f"as decided: precision {percent(tested.precision)}, recall {percent(tested.recall)}"
        plot.dot(tested.recall, tested.precision, "b", said)
    return plot.svg() + _key(("a", "flagging by the score alone"), ("b", "as decided"))


def distribution(figures: Figures) -> str:
    """How many transactions have which score, on a scale that shows few beside many."""
    bins = figures.distribution
    tops = [[math.log10(number + 1) for number in one] for one in bins]
    end = max(1.0, *(top for one in tops for top in one))
    plot = Plot("How many transactions have which score", 1, end)
    powers = [(math.log10(10**power + 1), f"{10**power:,}") for power in range(1, math.ceil(end))]
    plot.axes("score", "transactions", shares(), [(0.0, "0"), *powers])
    for number, (one, (genuine, frauds)) in enumerate(zip(tops, bins, strict=True)):
        begin, middle, stop = (place / len(bins) for place in (number, number + 0.5, number + 1))
        scores = f"scores from {begin:.3f} to {stop:.3f}"
        plot.bar((begin, middle), (0, one[0]), "a", f"{count(genuine)} genuine, {scores}")
        plot.bar((middle, stop), (0, one[1]), "b", f"{count(frauds)} fraud, {scores}")
    return plot.svg() + _key(("a", "genuine"), ("b", "fraud"))


def alerts(days: Sequence[Day]) -> str:
    """What was flagged on each day."""
    size = max(math.ceil(len(days) / _MOST_BARS), 1)
    groups = [days[begin : begin + size] for begin in range(0, len(days), size)]
    bars = [
        (sum(day.caught for day in group) / len(group), sum(day.alerts for day in group) / len(group))
        for group in groups
    ]
    end = max((alerts for _, alerts in bars), default=0)
    ticks = round_ticks(end)
    plot = Plot("Alerts per day", len(bars), max(end, ticks[-1][0]))
    every = max(math.ceil(len(bars) / 4), 1)
    dates = [(number + 0.5, readable_day(groups[number][0].day)) for number in range(0, len(bars), every)]
    plot.axes("day" if size == 1 else f"{size} days each, means", "alerts", dates, ticks)
    for number, (caught, alerts) in enumerate(bars):
        said = f"{readable_day(groups[number][0].day)}: {alerts:g} alerts, {caught:g} of them fraud"
        plot.bar((number, number + 1), (0, caught), "b", said)
        plot.bar((number, number + 1), (caught, alerts), "a", said)
    return plot.svg() + _key(("b", "fraud"), ("a", "false alarms"))


def calibration(figures: Figures) -> str:
    """Whether a score is a probability."""
    plot = Plot("Share of fraud against the mean score", 1, 1)
    plot.axes("mean score", "share of fraud", shares(), shares())
    plot.line([(0, 0), (1, 1)], "guide")
    for one in figures.calibration:
        if one.mean_score is not None and one.observed is not None:
            held = f"{count(one.transactions)} transactions, mean score {one.mean_score:.3f}"
            plot.dot(one.mean_score, one.observed, "a", f"{held}: {percent(one.observed)} fraud")
    return plot.svg() + _key(("a", "ten bins of the score; on the line a score is a probability"))


def scenarios(figures: Figures) -> str:
    """A row per kind of fraud."""
    rows = [(one.name, count(one.frauds), percent(one.recall)) for one in figures.scenarios]
    return _table(("scenario", "frauds", "recall"), rows)


def rules(figures: Figures) -> str:
    """A row per rule."""
    rows = [
        (
            rule.id,
            rule.mode,
            count(rule.flagged),
            count(rule.frauds),
            percent(rule.precision),
            percent(rule.recall),
        )
        for rule in figures.rules
    ]
    return _table(("rule", "mode", "holds for", "of them fraud", "precision", "recall"), rows)


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _key(*entries: tuple[str, str]) -> str:
    return (
        '<p class="key">'
        + "".join(f'<span><i class="{style}"></i>{escape(said)}</span>' for style, said in entries)
        + "</p>"
    )
