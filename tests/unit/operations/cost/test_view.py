import json
from datetime import date

import pytest

from operations.cost import prices, view
from operations.cost.estimate import Estimate
from operations.cost.prices import Price
from orchestration.session import EnvironmentSession
from terminal.errors import UserError
from tests.unit.operations.cost.environments import declare, estimate

PRICES = [value for value in vars(prices).values() if isinstance(value, Price)]


def estimate_declared(_: EnvironmentSession, per_day: int, items_per_request: int) -> Estimate:
    return estimate(declare(), per_day=per_day, items_per_request=items_per_request)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> EnvironmentSession:
    """A session whose environment has the estimate of the small declared environment."""
    monkeypatch.setattr(view, "estimate_environment", estimate_declared)
    return EnvironmentSession.from_name("local")


def test_json_has_sums_lines_prices_and_assumptions(
    session: EnvironmentSession, capsys: pytest.CaptureFixture[str]
) -> None:
    view.show_cost(session, per_day=1_000_000, as_json=True)
    result = json.loads(capsys.readouterr().out)
    assert result["currency"] == "USD"
    assert result["prices"] == {"region": prices.REGION, "date": prices.DATE}
    per_million = [line["usd"] for line in result["lines"] if line["part"] == "transactions"]
    assert result["per_million"]["transactions"] == pytest.approx(sum(per_million), abs=0.001)
    assert sum(result["per_month"]["layers"].values()) == pytest.approx(
        result["per_month"]["total"], abs=0.01
    )
    assert all(line["price"]["source"].startswith("https://aws.amazon.com/") for line in result["lines"])
    assert result["assumptions"][0] == {
        "name": "duration of api",
        "value": 20,
        "unit": "ms",
        "reason": result["assumptions"][0]["reason"],
    }


def test_tables_show_every_line_and_the_total(
    session: EnvironmentSession, capsys: pytest.CaptureFixture[str]
) -> None:
    view.show_cost(session, per_day=1_000_000)
    output = capsys.readouterr().out
    result = estimate(declare())
    assert all(line.item in output for line in (*result.lines, *result.uncertain_lines))
    assert f"{result.usd_per_month:,.2f}" in output


def test_environment_without_transactions_is_shown(
    session: EnvironmentSession, capsys: pytest.CaptureFixture[str]
) -> None:
    view.show_cost(session, per_day=0)
    assert "at 0 transactions a day" in capsys.readouterr().out


def test_batches_are_shown_with_a_hint_if_the_api_has_no_route_for_them(
    session: EnvironmentSession, capsys: pytest.CaptureFixture[str]
) -> None:
    view.show_cost(session, per_day=1_000_000, items_per_request=10)
    output = capsys.readouterr().out
    assert "10 transactions in a request" in output
    assert "batchRequestsPerSecond" in output


@pytest.mark.parametrize("items", [0, 26])
def test_number_of_transactions_in_a_request_is_that_of_the_batch_route(
    session: EnvironmentSession, items: int
) -> None:
    with pytest.raises(UserError, match="--items-per-request"):
        view.show_cost(session, per_day=1, items_per_request=items)


def test_price_table_has_a_date_and_a_source_for_each_price() -> None:
    assert date.fromisoformat(prices.DATE)
    assert len(PRICES) > 20
    for price in PRICES:
        assert price.source.startswith("https://aws.amazon.com/")
        assert price.usd > 0
        assert price.quantity > 0
