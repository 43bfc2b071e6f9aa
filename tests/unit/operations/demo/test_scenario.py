"""The scenario of a run: reproducible and valid transactions with history, fraud and labels."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from detection.rules.rule_file import read_rules
from functions.api.transaction_parser import TransactionParser
from functions.common.domain.account_profile import AccountProfile
from functions.common.domain.features import compute_features
from functions.common.domain.merchant_profile import MerchantProfile
from functions.common.domain.profiles import count_fraud, count_transaction
from functions.common.domain.transaction import Transaction
from functions.common.domain.transaction_event import TransactionInserted
from functions.common.http.body import read_object
from functions.fraud.scoring.scorer import Scorer
from functions.labels.label import Label
from functions.labels.post_label import parse_label
from operations.demo.example_files import build_files
from operations.demo.scenario import DAYS, Step, build_scenario, step_time_ms
from operations.ingest.payloads import encode_payload, select_fields
from orchestration.environments import ROOT
from stacks.edge.settings import EdgeSettings

NOW = 1_767_614_400_000  # 2026-01-05 12:00 UTC
DAY_MS = 86_400_000


def build_steps(count: int = 60, seed: int = 1, run: str = "r") -> list[Step]:
    return build_scenario(seed, run, count, NOW)


def transactions(steps: list[Step]) -> list[Transaction]:
    return [step for step in steps if isinstance(step, Transaction)]


def labels(steps: list[Step]) -> list[Label]:
    return [step for step in steps if isinstance(step, Label)]


def without_ids(steps: list[Step]) -> list[dict[str, object]]:
    return [
        {name: value for name, value in select_fields(step).items() if not name.endswith("_id")}
        for step in steps
    ]


def test_same_seed_gives_the_same_scenario_with_new_ids() -> None:
    first, second = build_steps(run="a"), build_steps(run="b")
    assert without_ids(first) == without_ids(second)
    for name in ("transaction_id", "account_id", "merchant_id"):
        first_ids = {getattr(transaction, name) for transaction in transactions(first)}
        assert first_ids.isdisjoint(getattr(transaction, name) for transaction in transactions(second))


def test_another_seed_gives_another_scenario() -> None:
    assert without_ids(build_steps(seed=1)) != without_ids(build_steps(seed=2))


@pytest.mark.parametrize("count", [1, 10, 60, 121, 2500])
def test_scenario_has_the_requested_number_of_transactions(count: int) -> None:
    ids = [transaction.transaction_id for transaction in transactions(build_steps(count))]
    assert len(set(ids)) == len(ids) == count


@pytest.mark.parametrize("seed", range(4))
def test_api_parses_every_payload_back_to_the_same_record(seed: int) -> None:
    parser = TransactionParser(EdgeSettings().max_transaction_age_days, extra_decimals="refuse")
    for step in build_steps(300, seed):
        if isinstance(step, Label):
            assert parse_label(encode_payload(step).decode(), NOW) == step
        else:
            assert parser.parse(read_object(encode_payload(step).decode()), NOW) == step


def test_steps_are_in_order_of_time_and_within_the_last_days() -> None:
    times = [step_time_ms(step) for step in build_steps(300)]
    assert times == sorted(times)
    assert times[0] >= NOW - (DAYS + 1) * DAY_MS
    assert times[-1] < NOW


def test_frauds_are_labelled_a_week_later_if_that_is_in_the_past() -> None:
    steps = build_steps(300)
    posted = {transaction.transaction_id: transaction for transaction in transactions(steps)}
    for label in labels(steps):
        assert label.label == "fraud"
        assert label.timestamp == posted[label.transaction_id].timestamp
        assert label.reported_at == label.timestamp + 7 * DAY_MS < NOW
    assert labels(steps)


@pytest.mark.parametrize("seed", range(6))
def test_deployed_rules_find_fraud_by_history_and_by_labels(seed: int) -> None:
    counts = Counter(find_flagging_rules(build_steps(60, seed)))
    assert counts["amount-over-own-mean"] >= 2
    assert counts["frauds-in-a-row-at-merchant"] >= 1


@pytest.mark.parametrize("seed", range(6))
def test_very_short_run_has_a_flagged_transaction(seed: int) -> None:
    assert list(find_flagging_rules(build_steps(10, seed)))


def test_example_files_are_up_to_date() -> None:
    assert {name: (Path(ROOT) / "examples" / name).read_bytes() for name in build_files()} == build_files()


def find_flagging_rules(steps: list[Step]) -> Iterator[str]:
    """Score the steps one after another, as the functions do; yields the first reason of each alert."""
    scorer = Scorer(read_rules(ROOT / "stacks/processing/rules.yaml"))
    accounts: dict[str, AccountProfile] = {}
    merchants: dict[str, MerchantProfile] = {}
    events: dict[str, TransactionInserted] = {}
    for step in steps:
        if isinstance(step, Label):
            event = events[step.transaction_id]
            count_fraud(accounts[event.account_id], merchants[event.merchant_id], event)
            continue
        fields = select_fields(step)
        event = TransactionInserted(**{**fields, "amount": step.amount, "received_at": step.timestamp})  # type: ignore[arg-type]
        events[event.transaction_id] = event
        account = accounts.setdefault(event.account_id, AccountProfile())
        merchant = merchants.setdefault(event.merchant_id, MerchantProfile())
        verdict = scorer.score(event, compute_features(account, merchant, event), None, NOW)
        if verdict.suspicious:
            yield verdict.reasons[0].rule_id
        count_transaction(account, merchant, event)
