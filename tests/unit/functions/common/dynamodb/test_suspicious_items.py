from typing import Any

import pytest

from functions.common.domain.decision import Decision
from functions.common.domain.suspicious_decision import SuspiciousDecision, summarize_decision
from functions.common.domain.suspicious_message import Reason
from functions.common.dynamodb.suspicious_items import (
    RETENTION_SECONDS,
    build_suspicious_update,
    read_since,
    read_window,
)
from operations.cost.metered_table import measure_item
from tests.unit.functions.builders import NOW, inserted, suspicious_decision
from tests.unit.functions.fake_profiles import ACCOUNT, FakeProfiles


def _entries(*times: tuple[int, int]) -> list[SuspiciousDecision]:
    return [
        suspicious_decision(transaction_id=f"tx-{number}", window_started_at=started, decided_at=decided)
        for number, (started, decided) in enumerate(times)
    ]


def _decision(**changes: Any) -> Decision:
    values: dict[str, Any] = {
        "score": 0.9,
        "suspicious": True,
        "decided_by": "rules",
        "rules_score": 0.9,
        "rules": "r",
        "features_version": 0,
        "features": (),
        "decided_at": NOW,
        "latency_ms": 1,
    }
    return Decision(**(values | changes))


def test_window_has_its_own_decisions_in_their_order() -> None:
    first, second, third, fourth, fifth = _entries(
        (NOW, NOW), (NOW, NOW + 5), (NOW, NOW + 9), (NOW - 60_000, NOW - 60_000), (NOW + 60_000, NOW + 60_000)
    )
    table: Any = FakeProfiles(fifth, third, fourth, second, first)
    assert read_window(table, "profiles", ACCOUNT, NOW, 25) == [first, second, third]
    assert read_window(table, "profiles", ACCOUNT, NOW, 1) == [first]
    assert read_window(table, "profiles", "another", NOW, 25) == []


def test_decisions_since_a_time_include_those_without_an_alert() -> None:
    before, snoozed, alerted = _entries((NOW - 9, NOW - 9), (0, NOW + 1), (NOW + 2, NOW + 3))
    table: Any = FakeProfiles(before, alerted, snoozed)
    assert list(read_since(table, "profiles", ACCOUNT, NOW)) == [snoozed, alerted]


def test_entry_has_the_heaviest_reason_and_the_exact_amount() -> None:
    reasons = tuple(Reason(rule_id=f"r{weight}", weight=weight, text=f"of {weight}") for weight in (0.6, 0.3))
    made = _decision(suspicious=True, score=0.9, reasons=reasons, decided_at=NOW + 1, window_started_at=NOW)
    entry = summarize_decision(inserted(amount="0.1234"), made)
    [item] = FakeProfiles(entry).items
    assert (str(entry.amount), entry.reason, entry.window_started_at) == ("0.1234", "of 0.6", NOW)
    assert int(item["expires_at"]["N"]) == (NOW + 1) // 1000 + RETENTION_SECONDS


@pytest.mark.parametrize("reason", ["💳" * 500, '"' * 500])
def test_item_of_the_longest_entry_is_below_one_kb(reason: str) -> None:
    made = _decision(
        score=1 / 3,
        reasons=(Reason(rule_id="r", weight=1 / 3, text=reason),),
        decided_at=NOW,
        window_started_at=NOW,
    )
    longest = inserted(transaction_id="t" * 64, amount="123456789012.1234")
    [item] = FakeProfiles(summarize_decision(longest, made)).items
    assert measure_item(item) <= 1024


def test_entry_expires_after_the_retention_of_the_environment() -> None:
    update = build_suspicious_update("profiles", ACCOUNT, suspicious_decision(decided_at=NOW), 3600)
    assert update["ExpressionAttributeValues"][":expires"] == {"N": str(NOW // 1000 + 3600)}
