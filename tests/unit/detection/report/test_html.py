"""The report stands alone: it says the figures, draws them, and loads nothing."""

import re
from html.parser import HTMLParser

import pytest

from detection.data.dataset import Facts
from detection.data.dates import DAY_MS
from detection.evaluation.backtest import Backtest, Period
from detection.evaluation.result import Result, to_json
from detection.report.html import html
from functions.fraud.scoring.rules import Rule, RuleSet
from functions.fraud.scoring.scorer import Scorer
from tests.unit.detection.transactions import past

VOID = {"meta"}


def result(frauds: int = 1, days: int = 3, data: str = "past.csv") -> Result:
    rules = RuleSet(threshold=0.5, rules=(Rule(id="any", when=True, reason="always", weight=0.5),))
    rows = past((day * DAY_MS, f"a{day}", "m", day < frauds) for day in range(days))
    facts = Facts(days, frauds, rows[0].transaction.timestamp, rows[-1].transaction.timestamp)
    period = Period.of(facts, label_delay_ms=DAY_MS)
    return Result(
        data=data,
        model="",
        rules="abc",
        period=period,
        threshold=None,
        rules_threshold=0.5,
        figures=Backtest(Scorer(rules), rules.rules, period, None).run(rows),
        seconds=1.5,
    )


class Balance(HTMLParser):
    """Fails where tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_holds_all_charts_and_is_well_formed() -> None:
    page = html(result())
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert page.count("<svg") == 4
    assert "<td>any</td>" in page


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = html(result())
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|src=|https?:", page)
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page


def test_what_comes_from_a_file_cannot_become_html() -> None:
    assert "<b>" not in html(result(data="<b>past</b>.csv")).split("</h1>")[0]


@pytest.mark.parametrize(("frauds", "days"), [(0, 1), (1, 1), (200, 400)])
def test_a_page_is_made_of_little_and_of_much(frauds: int, days: int) -> None:
    assert html(result(frauds, days)).count("<rect") < 400


def test_json_has_the_figures_by_the_fields_names() -> None:
    figures = to_json(result())
    assert figures["precision"] == pytest.approx(1 / 3)
    assert (figures["recall"], figures["alerts_per_day"], figures["days"]) == (1.0, 1.0, 3)
    assert (figures["auc_roc"], figures["average_precision"]) == (0.5, pytest.approx(1 / 3))
    assert (figures["model"], figures["rules_version"], figures["threshold"]) == (None, "abc", 0.5)
    assert (figures["test_from"], figures["test_to"]) == ("2018-04-01T00:00:00Z", "2018-04-03T00:00:00.001Z")
    assert figures["rules"][0]["flagged"] == 3
