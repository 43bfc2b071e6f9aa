"""What a run shows of the simulation: repeatable, valid, with history, fraud and what is reported of it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from detection.rules.rule_file import rules_of
from functions.api.validation import parse_transaction
from functions.common.domain.features import features
from functions.common.domain.profiles import AccountProfile, MerchantProfile, observe, relabel
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import TransactionInserted
from functions.fraud.scoring.scorer import Scorer
from functions.labels.label import Label
from functions.labels.labels import parse_label
from operations.demo.example_files import files
from operations.demo.scenario import DAYS, Step, story, when_ms
from operations.ingest.payloads import body, label_body, present
from orchestration.environments import ROOT

NOW = 1_767_614_400_000  # 2026-01-05 12:00 UTC
DAY_MS = 86_400_000


def told(count: int = 60, seed: int = 1, run: str = "r") -> list[Step]:
    return story(seed, run, count, NOW)


def transactions(steps: list[Step]) -> list[Transaction]:
    return [step for step in steps if isinstance(step, Transaction)]


def labels(steps: list[Step]) -> list[Label]:
    return [step for step in steps if isinstance(step, Label)]


def without_ids(steps: list[Step]) -> list[dict[str, object]]:
    return [
        {name: value for name, value in present(step).items() if not name.endswith("_id")} for step in steps
    ]


def test_the_same_seed_tells_the_same_under_new_ids() -> None:
    first, second = told(run="a"), told(run="b")
    assert without_ids(first) == without_ids(second)
    for name in ("transaction_id", "account_id", "merchant_id"):
        assert not {getattr(each, name) for each in transactions(first)} & {
            getattr(each, name) for each in transactions(second)
        }


def test_another_seed_tells_something_else() -> None:
    assert without_ids(told(seed=1)) != without_ids(told(seed=2))


@pytest.mark.parametrize("count", [1, 10, 60, 121, 2500])
def test_there_are_as_many_transactions_as_were_asked_for(count: int) -> None:
    ids = [each.transaction_id for each in transactions(told(count))]
    assert len(set(ids)) == len(ids) == count


@pytest.mark.parametrize("seed", range(4))
def test_the_api_accepts_each_as_it_was_made(seed: int) -> None:
    for step in told(300, seed):
        if isinstance(step, Label):
            assert parse_label(label_body(step).decode(), NOW) == step
        else:
            assert parse_transaction(body(step).decode(), NOW) == step


def test_all_happens_in_order_within_the_last_days() -> None:
    times = [when_ms(step) for step in told(300)]
    assert times == sorted(times)
    assert times[0] >= NOW - (DAYS + 1) * DAY_MS
    assert times[-1] < NOW


def test_frauds_are_reported_a_week_later_if_that_is_not_still_to_come() -> None:
    steps = told(300)
    posted = {each.transaction_id: each for each in transactions(steps)}
    for label in labels(steps):
        assert label.label == "fraud"
        assert label.timestamp == posted[label.transaction_id].timestamp
        assert label.reported_at == label.timestamp + 7 * DAY_MS < NOW
    assert labels(steps)


@pytest.mark.parametrize("seed", range(6))
def test_the_rules_that_are_deployed_find_fraud_by_history_and_by_what_was_reported(seed: int) -> None:
    found = Counter(flagged_by(told(60, seed)))
    assert found["amount-over-own-mean"] >= 2
    assert found["frauds-in-a-row-at-merchant"] >= 1


@pytest.mark.parametrize("seed", range(6))
def test_a_very_short_run_has_something_to_show(seed: int) -> None:
    assert list(flagged_by(told(10, seed)))


def test_the_examples_are_what_is_written_now() -> None:
    assert {name: (Path(ROOT) / "examples" / name).read_bytes() for name in files()} == files()


def flagged_by(steps: list[Step]) -> Iterator[str]:
    """For each that is suspicious, the first of its reasons, as the functions decide one after another."""
    scorer = Scorer(rules_of(ROOT / "stacks/processing/rules.yaml"))
    accounts: dict[str, AccountProfile] = {}
    merchants: dict[str, MerchantProfile] = {}
    events: dict[str, TransactionInserted] = {}
    for step in steps:
        if isinstance(step, Label):
            event = events[step.transaction_id]
            relabel(accounts[event.account_id], merchants[event.merchant_id], event, 1)
            continue
        fields = {name: value for name, value in present(step).items() if name != "ip_address"}
        event = TransactionInserted(**{**fields, "amount": step.amount, "received_at": step.timestamp})  # type: ignore[arg-type]
        events[event.transaction_id] = event
        account = accounts.setdefault(event.account_id, AccountProfile())
        merchant = merchants.setdefault(event.merchant_id, MerchantProfile())
        verdict = scorer.score(event, features(account, merchant, event), None, NOW)
        if verdict.suspicious:
            yield verdict.reasons[0].rule_id
        observe(account, merchant, event)
