"""The made-up transactions: repeatable, valid, and suspicious where they mean to be."""

from itertools import islice

import pytest

from detection.rules.check import rules_of
from functions.api.validation import parse_transaction
from functions.common.event import TransactionInserted
from functions.common.transaction import Transaction
from functions.fraud.scoring import NO_FEATURES, Scorer
from orchestration.environments import ROOT
from orchestration.transactions.posts import body, present
from orchestration.transactions.samples import files
from orchestration.transactions.simulate import BLOCK, FIRST_WITHIN, SUSPICIOUS, simulate

NOW_MS = 1_700_000_000_000


def drawn(count: int, seed: int = 1, run: str = "r") -> list[Transaction]:
    return list(islice(simulate(seed, run, lambda: NOW_MS), count))


def without_id(transaction: Transaction) -> dict[str, object]:
    return {name: value for name, value in present(transaction).items() if name != "transaction_id"}


def flagged(transactions: list[Transaction]) -> list[Transaction]:
    scorer = Scorer(rules_of(ROOT / "stacks/processing/rules.yaml"))
    fields = [name for name in TransactionInserted.__struct_fields__ if name != "received_at"]
    return [
        each
        for each in transactions
        if scorer.score(
            TransactionInserted(received_at=1, **{name: getattr(each, name) for name in fields}),
            NO_FEATURES,
            None,
            NOW_MS,
        ).suspicious
    ]


def test_the_same_seed_gives_the_same_transactions_under_new_ids() -> None:
    first, second = drawn(50, run="a"), drawn(50, run="b")
    assert list(map(without_id, first)) == list(map(without_id, second))
    assert not {each.transaction_id for each in first} & {each.transaction_id for each in second}


def test_another_seed_gives_other_transactions() -> None:
    assert list(map(without_id, drawn(20, seed=1))) != list(map(without_id, drawn(20, seed=2)))


def test_no_id_is_given_twice() -> None:
    assert len({each.transaction_id for each in drawn(2000)}) == 2000


@pytest.mark.parametrize("seed", range(5))
def test_the_api_accepts_each_as_it_was_made(seed: int) -> None:
    for transaction in drawn(300, seed):
        assert parse_transaction(body(transaction).decode(), NOW_MS) == transaction


@pytest.mark.parametrize("seed", range(5))
def test_the_rules_flag_one_of_each_block_and_one_of_the_first_three(seed: int) -> None:
    transactions = drawn(BLOCK * len(SUSPICIOUS), seed)
    assert len(flagged(transactions)) == len(SUSPICIOUS)
    assert len(flagged(transactions[:FIRST_WITHIN])) == 1


def test_the_examples_are_what_is_written_now() -> None:
    assert {name: (ROOT / "examples" / name).read_bytes() for name in files()} == files()
