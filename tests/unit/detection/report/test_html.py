import re
from html.parser import HTMLParser

import pytest

from detection.data.dataset import DatasetSummary
from detection.evaluation.backtest import Backtest, BacktestPeriod
from detection.evaluation.result import BacktestResult, result_to_json
from detection.report.html import render_report
from functions.common.domain.time_buckets import DAY_MS
from functions.fraud.scoring.rules import Rule, RuleSet
from tests.unit.detection.transactions import make_history

VOID = {"meta"}


def make_result(frauds: int = 1, days: int = 3, data: str = "past.csv") -> BacktestResult:
    rules = RuleSet(threshold=0.5, rules=(Rule(id="any", when=True, reason="always", weight=0.5),))
    rows = make_history((day * DAY_MS, f"a{day}", "m", day < frauds) for day in range(days))
    summary = DatasetSummary(days, frauds, rows[0].transaction.timestamp, rows[-1].transaction.timestamp)
    period = BacktestPeriod.from_options(summary, label_delay_ms=DAY_MS)
    return BacktestResult(
        data=data,
        model="",
        rules="abc",
        period=period,
        threshold=None,
        rules_threshold=0.5,
        figures=Backtest(rules, None, period).run(rows),
        seconds=1.5,
        asked={"alerts_per_day": 50.0},
        warnings=["1 rule is <new>"],
    )


class TagChecker(HTMLParser):
    """Fails if tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_report_has_all_charts_and_is_well_formed() -> None:
    page = render_report(make_result())
    checker = TagChecker()
    checker.feed(page)
    assert checker.open == []
    assert page.count("<svg") == 4
    assert "<td>any</td>" in page


def test_report_has_no_scripts_and_no_external_resources() -> None:
    page = render_report(make_result())
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|src=|https?:", page)
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


def test_text_from_a_file_is_escaped() -> None:
    assert "<b>" not in render_report(make_result(data="<b>past</b>.csv")).split("</h1>")[0]


def test_warnings_and_the_asked_budget_are_shown() -> None:
    page = render_report(make_result())
    assert "1 rule is &lt;new&gt;" in page
    assert "<b>50</b>" in page


@pytest.mark.parametrize(("frauds", "days"), [(0, 1), (1, 1), (200, 400)])
def test_number_of_bars_is_bounded(frauds: int, days: int) -> None:
    assert render_report(make_result(frauds, days)).count("<rect") < 400


def test_json_has_the_figures() -> None:
    figures = result_to_json(make_result())
    assert figures["precision"] == pytest.approx(1 / 3)
    assert (figures["recall"], figures["alerts_per_day"], figures["days"]) == (1.0, 1.0, 3)
    assert (figures["auc_roc"], figures["average_precision"]) == (0.5, pytest.approx(1 / 3))
    assert (figures["model"], figures["rules_version"], figures["threshold"]) == (None, "abc", 0.5)
    assert (figures["test_from"], figures["test_to"]) == ("2018-04-01T00:00:00Z", "2018-04-03T00:00:00.001Z")
    assert (figures["rules"][0]["flagged"], figures["rules"][0]["share"]) == (3, 1.0)
    assert (figures["asked"], figures["warnings"]) == ({"alerts_per_day": 50.0}, ["1 rule is <new>"])
    assert (figures["rules_alone"], figures["model_alone"]) == (None, None)
