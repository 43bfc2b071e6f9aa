from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from detection.errors import DatasetError, DetectionError
from detection.training import decided_schema
from detection.training.decided_examples import (
    DecidedDataset,
    collect_decided_examples,
    has_decided_examples,
    pseudonymize_merchants,
)
from detection.training.decided_schema import day_file, make_schema
from detection.training.examples import LearnedRules
from detection.training.sampling import GenuineSampler
from functions.common.domain.features import FEATURE_NAMES
from functions.common.domain.time_buckets import DAY_MS
from functions.common.dynamodb.profile_items import profile_subject
from functions.fraud.scoring.rules import Rule, RuleSet

BEGIN_MS = 1_780_012_800_000  # 2026-05-29T00:00:00Z


def write_day(
    folder: Path, day: int, labels: list[bool | None], *, delay_days: int = 7, **changes: Any
) -> None:
    """Write a file with a transaction for each label, a second apart."""
    schema = make_schema(7)
    rows = [
        {
            "timestamp": BEGIN_MS + day * DAY_MS + second * 1000,
            "account": "account#1",
            "merchant": profile_subject("merchant", "m-1"),
            "amount": Decimal("12.5"),
            "currency": "EUR",
            "is_fraud": label,
            "score": 0.5,
            "suspicious": False,
            "decided_by": "none",
            "rules": "r",
            "model": "",
            "reasons": [],
            "shadow_rules": [],
            "label_delay_days": delay_days,
            FEATURE_NAMES[0]: float(second),
            **changes,
        }
        for second, label in enumerate(labels)
    ]
    file = day_file(folder, f"2026-06-{day + 1:02}")
    file.parent.mkdir(parents=True)
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema), file)


def test_summary_counts_labels_and_the_period(tmp_path: Path) -> None:
    write_day(tmp_path, 0, [False, True, None])
    write_day(tmp_path, 1, [False, False])
    summary = DecidedDataset(tmp_path, 7).summary()
    assert (summary.frauds, summary.genuine, summary.unlabelled) == (1, 3, 1)
    assert (summary.first_ms, summary.last_ms) == (BEGIN_MS, BEGIN_MS + DAY_MS + 1000)
    assert len(summary.notes()) == 1


@pytest.mark.parametrize(
    ("recent", "is_left_out"),
    [
        ([None, True, None], True),
        ([None, True, False], False),
        ([True, False], False),
    ],
)
def test_time_of_labels_that_are_mostly_not_due_is_not_learned_from(
    tmp_path: Path, recent: list[bool | None], is_left_out: bool
) -> None:
    write_day(tmp_path, 0, [False, True])
    write_day(tmp_path, 1, recent)
    summary = DecidedDataset(tmp_path, 7).summary()
    expected = BEGIN_MS + DAY_MS if is_left_out else summary.last_ms + 1
    assert summary.labelled_until_ms == expected


def test_day_without_transactions_is_noted(tmp_path: Path) -> None:
    for day in (0, 1, 4):
        write_day(tmp_path, day, [False])
    summary = DecidedDataset(tmp_path, 7).summary()
    assert summary.missing_days == 2
    assert any("2026-05-29 to 2026-06-02: 2." in note for note in summary.notes())


def test_transactions_of_the_period_have_labels_and_features(tmp_path: Path) -> None:
    write_day(tmp_path, 0, [False, True, None])
    write_day(tmp_path, 1, [False])
    [(batch, values)] = DecidedDataset(tmp_path, 7).transactions(BEGIN_MS + 1000, BEGIN_MS + DAY_MS)
    [labelled] = batch.rows()
    assert labelled.is_fraud is True
    assert (labelled.transaction.amount, labelled.transaction.country) == (Decimal("12.5"), None)
    assert values[0, 0] == 1.0
    assert np.isnan(values[0, 1])


def test_features_of_another_label_delay_are_left_out_with_a_note(tmp_path: Path) -> None:
    write_day(tmp_path, 0, [False, True], delay_days=14)
    write_day(tmp_path, 1, [True], delay_days=7)
    write_day(tmp_path, 2, [True], delay_days=0)
    dataset = DecidedDataset(tmp_path, 7)
    assert dataset.summary().other_label_delays == {14: 2}
    assert dataset.summary().frauds == 2
    assert sum(len(batch) for batch, _ in dataset.transactions(0, BEGIN_MS * 2)) == 2
    assert DecidedDataset(tmp_path, 14).summary().other_label_delays == {7: 1}


def test_sample_has_every_fraud(tmp_path: Path) -> None:
    write_day(tmp_path, 0, [second % 10 == 0 for second in range(200)])
    dataset = DecidedDataset(tmp_path, 7)
    [(batch, _)] = dataset.transactions(0, BEGIN_MS * 2, GenuineSampler(180, 60))
    assert batch.labels.sum() == 20
    assert 60 <= len(batch) < 110


def test_other_version_of_the_features_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed: dict[str, dict[str, Any]] = {
        "a": {"features_version": 1}, "b": {"features": ("x",)}, "c": {"format": 9}
    }  # fmt: skip
    for name, changes in changed.items():
        old = decided_schema.DecidedFormat(label_delay_days=7, **changes)
        with monkeypatch.context() as patch:
            patch.setattr(decided_schema, "DecidedFormat", lambda old=old, **_: old)
            write_day(tmp_path / name, 0, [True])
        with pytest.raises(DatasetError):
            DecidedDataset(tmp_path / name, 7)


def test_other_folders_and_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        DecidedDataset(tmp_path, 7)
    parquet.write_table(pyarrow.table({"x": [1]}), tmp_path / "x.parquet")
    with pytest.raises(DatasetError):
        DecidedDataset(tmp_path / "x.parquet", 7)


def test_decided_examples_are_recognized_by_their_metadata(tmp_path: Path) -> None:
    write_day(tmp_path / "decided", 0, [True])
    parquet.write_table(pyarrow.table({"x": [1]}), tmp_path / "x.parquet")
    (tmp_path / "x.csv").write_text("transaction_id")
    [file] = (tmp_path / "decided").glob("*/*")
    assert has_decided_examples(tmp_path / "decided")
    assert has_decided_examples(file)
    assert not has_decided_examples(tmp_path / "x.parquet")
    assert not has_decided_examples(tmp_path / "x.csv")
    assert DecidedDataset(file, 7).summary().frauds == 1


def test_digest_depends_on_the_content(tmp_path: Path) -> None:
    write_day(tmp_path / "a", 0, [True])
    write_day(tmp_path / "b", 0, [True])
    write_day(tmp_path / "c", 0, [False])
    first, second, third = (DecidedDataset(tmp_path / name, 7).sha256() for name in "abc")
    assert first == second != third


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (["in", "merchant_id", ["m-1", "m-2"]], True),
        (["and", [">", "amount", 10], ["not in", "merchant_id", ["m-1"]]], False),
        (["or", ["in", "currency", ["m-1"]], ["in", "merchant_id", ["m-2"]]], False),
    ],
)
def test_rules_that_name_merchants_hold_for_their_pseudonyms(
    tmp_path: Path, condition: list[Any], holds: bool
) -> None:
    write_day(tmp_path, 0, [True])
    [(batch, values)] = DecidedDataset(tmp_path, 7).transactions(0, BEGIN_MS * 2)
    rules = RuleSet(threshold=0.5, rules=(Rule(id="r", reason="r", weight=0.5, when=condition),))
    matches = LearnedRules(pseudonymize_merchants(rules)).match(batch, values)
    assert matches.matches.tolist() == [[holds]]
    assert msgspec.json.encode(rules.rules[0].when) == msgspec.json.encode(condition)


MERCHANT_RULE = Rule(id="r", reason="r", weight=0.5, when=["in", "merchant_id", ["m-1"]])


def test_examples_have_weights_and_matches_of_the_present_rules(tmp_path: Path) -> None:
    write_day(tmp_path, 0, [second % 10 == 0 for second in range(200)])
    write_day(tmp_path, 1, [False] * 100)
    rules = RuleSet(threshold=0.5, rules=(MERCHANT_RULE,))
    examples = collect_decided_examples(
        DecidedDataset(tmp_path, 7), from_ms=0, to_ms=BEGIN_MS + DAY_MS, rules=rules, max_genuine=60
    )
    assert examples.labels.sum() == 20
    assert 60 <= len(examples.labels) < 110
    assert set(examples.row_weights()) == {1.0, 3.0}
    assert examples.matches().matches.all()
    # The artifact names the condition as the rules file has it.
    assert examples.matches().rules == LearnedRules(rules).rules
    assert set(examples.days) == {BEGIN_MS // DAY_MS}


def test_period_without_examples_is_an_error(tmp_path: Path) -> None:
    write_day(tmp_path, 0, [True, False])
    with pytest.raises(DetectionError):
        collect_decided_examples(
            DecidedDataset(tmp_path, 7), from_ms=0, to_ms=BEGIN_MS, rules=RuleSet(threshold=0.5)
        )


def test_path_that_cannot_be_examined_is_an_error() -> None:
    with pytest.raises(DatasetError, match="too long"):
        has_decided_examples(Path("x" * 300))
