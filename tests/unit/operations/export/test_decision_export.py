"""Exports of decisions as Parquet files, from items to examples of training."""

import base64
import gzip
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from detection.data.columns import LabelledTransaction
from detection.training.decided_examples import DecidedDataset
from detection.training.decided_schema import day_file
from functions.common.domain.features import FEATURE_NAMES, FEATURES_VERSION
from functions.common.domain.time_buckets import DAY_MS
from functions.common.dynamodb.profile_items import profile_subject
from operations.export import table_items
from operations.export.decided_files import check_new_folder
from operations.export.decision_export import (
    ExportPeriod,
    export_decisions,
    open_table_export,
    write_decisions,
)
from operations.export.table_items import LocalFolder, TableExportFiles, scan_items
from terminal.errors import UserError
from tests.unit.detection.defined_features import compute_history_features
from tests.unit.detection.transactions import BEGIN_MS, make_history
from tests.unit.functions.builders import NOW
from tests.unit.operations.export.decided_items import decided_item, guard_item, make_decision

NOW_DAY = "2026-05-28"
ALWAYS = ExportPeriod(since_ms=0, until_ms=NOW + DAY_MS)


def export(
    items: Iterable[Mapping[str, Any]],
    folder: Path,
    period: ExportPeriod = ALWAYS,
    as_of_ms: int = NOW + 7 * DAY_MS,
) -> None:
    write_decisions(items, folder, period, 7, as_of_ms, as_json=True)


def read_rows(folder: Path) -> list[dict[str, Any]]:
    rows = []
    for file in sorted(folder.glob("day=*/*.parquet")):
        rows += parquet.read_table(file, partitioning=None).to_pylist()
    return rows


def read_summary(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(capsys.readouterr().out)
    return summary


def test_row_has_transaction_decision_and_features(tmp_path: Path) -> None:
    decision = make_decision([1.5, *([2.0] * (len(FEATURE_NAMES) - 1))])
    export([decided_item(decision=decision, label="fraud")], tmp_path / "out")
    [row] = read_rows(tmp_path / "out")
    assert (row["timestamp"], float(row["amount"]), row["currency"]) == (NOW, 12.5, "USD")
    assert (row["country"], row["channel"], row["merchant_category"]) == ("US", "ecommerce", "groceries")
    assert (row["label"], row["is_fraud"], row["label_delay_days"]) == ("fraud", True, 7)
    assert (row["score"], row["reasons"], row["shadow_rules"]) == (0.25, ["over"], ["tried"])
    assert [row[name] for name in FEATURE_NAMES][:2] == [1.5, 2.0]


def test_files_contain_no_ids_devices_or_addresses(tmp_path: Path) -> None:
    export([decided_item(ip_address={"S": "192.0.2.1"})], tmp_path / "out")
    [row] = read_rows(tmp_path / "out")
    texts = {str(value) for value in row.values()}
    assert not texts & {"tx-1", "account-123456789", "merchant_1", "device 7", "192.0.2.1"}
    assert row["account"] == profile_subject("account", "account-123456789")


@pytest.mark.parametrize(
    ("label", "age_ms", "is_fraud"),
    [
        ("fraud", 0, True),
        ("genuine", 0, False),
        (None, 7 * DAY_MS, False),
        (None, 7 * DAY_MS - 1, None),
    ],
)
def test_transaction_without_label_is_genuine_once_its_label_is_due(
    tmp_path: Path, label: str | None, age_ms: int, is_fraud: bool | None
) -> None:
    export([decided_item(label=label)], tmp_path / "out", as_of_ms=NOW + age_ms)
    [row] = read_rows(tmp_path / "out")
    assert row["is_fraud"] is is_fraud


def test_other_transactions_are_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    undecided = decided_item()
    del undecided["decision"]
    items = [
        guard_item(),
        decided_item(),
        undecided,
        decided_item(type={"S": "refund"}),
        decided_item(historic={"BOOL": True}),
        decided_item(decision=make_decision(features_version=FEATURES_VERSION - 1)),
        decided_item() | {"decision": {"B": b"\x00"}},
        decided_item(NOW - 10 * DAY_MS),
    ]
    export(items, tmp_path / "out", ExportPeriod(since_ms=NOW - DAY_MS, until_ms=NOW + 1))
    summary = read_summary(capsys)
    assert summary["transactions"] == 1
    assert summary["left_out"] == {
        "undecided": 1, "refunds": 1, "historic": 1, "other_features": 1, "unreadable": 1
    }  # fmt: skip


def test_rows_are_sorted_by_time_in_a_file_for_each_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.export.decided_files._BUFFER_ROWS", 3)
    times = [NOW + 5, NOW - DAY_MS, NOW, NOW - DAY_MS + 7, NOW + 3, NOW + 1, NOW - DAY_MS - 1]
    export([decided_item(time) for time in times], tmp_path / "out")
    assert [row["timestamp"] for row in read_rows(tmp_path / "out")] == sorted(times)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"day=2026-05-27", f"day={NOW_DAY}"}
    assert day_file(tmp_path / "out", NOW_DAY).exists()


def test_equal_items_in_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    items = [decided_item(NOW, account_id={"S": f"a-{number}"}) for number in range(5)]
    export(items, tmp_path / "first")
    export(items[::-1], tmp_path / "second")
    first, second = (day_file(tmp_path / name, NOW_DAY).read_bytes() for name in ("first", "second"))
    assert first == second


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> Any:
        yield decided_item()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_decisions(fail(), tmp_path / "out", ALWAYS, 7, NOW)
    assert list(tmp_path.iterdir()) == []


def test_export_without_transactions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        export([guard_item()], tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_existing_folder_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing" / "out"):
        with pytest.raises(UserError):
            check_new_folder("--out", folder)
    check_new_folder("--out", tmp_path / "out")


def test_exported_examples_are_those_of_the_replay(tmp_path: Path) -> None:
    history = make_history(
        [
            (day * DAY_MS // 3 + number, f"a{number % 4}", f"m{day % 3}", (day + number) % 11 == 0)
            for day in range(90)
            for number in range(4)
        ]
    )
    replayed = list(compute_history_features(history, label_delay_ms=7 * DAY_MS, label_delay_days=7))
    end_ms = BEGIN_MS + 40 * DAY_MS
    export([_decide(*example) for example in replayed], tmp_path / "out", as_of_ms=end_ms)
    dataset = DecidedDataset(tmp_path / "out", 7)
    exported = [
        example
        for batch, values in dataset.transactions(0, end_ms)
        for example in zip(batch.rows(), values.tolist(), strict=True)
    ]
    assert len(exported) == len(history)
    for (expected, values), (labelled, exported_values) in zip(replayed, exported, strict=True):
        assert (labelled.is_fraud, labelled.transaction.timestamp) == (
            expected.is_fraud, expected.transaction.timestamp
        )  # fmt: skip
        assert labelled.transaction.amount == expected.transaction.amount
        assert str(exported_values) == str([float(value) for value in values or []])


def test_scan_reads_every_segment_without_guards(tmp_path: Path) -> None:
    client: Any = FakeScan([guard_item(), *(decided_item(NOW + number) for number in range(10))])
    counts: list[int] = []
    items = list(scan_items(client, "transactions", 3, counts.append))
    assert sorted(int(item["timestamp"]["N"]) for item in items) == [NOW + number for number in range(10)]
    assert counts[-1] == 11
    assert "device_id" not in client.names
    assert "ip_address" not in client.names


def test_export_of_the_table_is_read_from_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = [decided_item(NOW + number, label="fraud") for number in range(3)]
    write_table_export(tmp_path / "s3", [items[:2], [], [items[2], guard_item()]])
    files = TableExportFiles(LocalFolder(str(tmp_path / "s3")))
    assert files.as_of_ms == NOW
    export(list(files.items(lambda _: None)), tmp_path / "out")
    assert read_summary(capsys)["frauds"] == 3


@pytest.mark.parametrize(
    "changes", [{"exportType": "INCREMENTAL_EXPORT"}, {"outputFormat": "ION"}, {"exportTime": None}]
)
def test_export_that_cannot_be_used_is_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    write_table_export(tmp_path, [], **changes)
    with pytest.raises(UserError):
        TableExportFiles(LocalFolder(str(tmp_path)))


def test_damaged_file_of_an_export_is_an_error(tmp_path: Path) -> None:
    write_table_export(tmp_path, [[decided_item()]])
    data = tmp_path / "data" / "0.json.gz"
    data.write_bytes(data.read_bytes()[:-10])
    with pytest.raises(UserError):
        list(TableExportFiles(LocalFolder(str(tmp_path))).items(lambda _: None))
    with pytest.raises(UserError):
        TableExportFiles(LocalFolder(str(tmp_path / "missing")))


def test_files_in_s3_are_read_by_their_keys() -> None:
    class Client:
        def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
            return {"Body": f"{Bucket} {Key}"}

    client: Any = Client()
    for path in ("s3://archive/fraud/AWSDynamoDB/1-a/", "s3://archive/fraud/AWSDynamoDB/1-a"):
        opened: Any = table_items.S3Folder(client, path).open("data/x.gz")
        assert opened == "archive fraud/AWSDynamoDB/1-a/data/x.gz"
    with pytest.raises(UserError):
        table_items.S3Folder(client, "s3:/archive").open("x")


@pytest.mark.parametrize(
    ("since", "until", "since_ms", "until_ms"),
    [
        ("2d", "", NOW - 2 * DAY_MS, NOW),
        ("2026-05-01", "2026-05-02", 1_777_593_600_000, 1_777_593_600_000 + 2 * DAY_MS),
        ("2026-05-01T12:00", "1d", 1_777_593_600_000 + DAY_MS // 2, NOW - DAY_MS),
    ],
)
def test_period_is_read_from_options(since: str, until: str, since_ms: int, until_ms: int) -> None:
    period = ExportPeriod.from_options(since, until, NOW)
    assert (period.since_ms, period.until_ms) == (since_ms, until_ms)


@pytest.mark.parametrize(("since", "until"), [("yesterday", ""), ("1d", "2d"), ("1d", "x"), ("", "")])
def test_impossible_period_is_refused(since: str, until: str) -> None:
    with pytest.raises(UserError):
        ExportPeriod.from_options(since, until, NOW)


class FakeScan:
    """A client whose scans have two items a page. `names` are the attributes that a scan asked for."""

    def __init__(self, items: Sequence[dict[str, Any]]) -> None:
        self._items = items
        self.names: set[str] = set()

    def scan(self, **request: Any) -> dict[str, Any]:
        self.names |= set(request["ExpressionAttributeNames"].values())
        assert set(request["ProjectionExpression"].split(", ")) == set(request["ExpressionAttributeNames"])
        mine = self._items[request["Segment"] :: request["TotalSegments"]]
        start = request.get("ExclusiveStartKey", 0)
        page = mine[start : start + 2]
        answer = {"Items": [item for item in page if "account_id" in item], "ScannedCount": len(page)}
        return answer | ({"LastEvaluatedKey": start + 2} if start + 2 < len(mine) else {})


def _decide(labelled: LabelledTransaction, values: list[float] | None) -> dict[str, Any]:
    """The item of a transaction with these features, as the pipeline stores it."""
    transaction = labelled.transaction
    assert values is not None
    return decided_item(
        transaction.timestamp,
        decision=make_decision(values),
        label="fraud" if labelled.is_fraud else None,
        transaction_id={"S": transaction.transaction_id},
        account_id={"S": transaction.account_id},
        merchant_id={"S": transaction.merchant_id},
        amount={"N": str(transaction.amount)},
        currency={"S": transaction.currency},
    )


def write_table_export(folder: Path, files: Sequence[Sequence[dict[str, Any]]], **changes: Any) -> None:
    """Write items as DynamoDB exports them."""
    (folder / "data").mkdir(parents=True)
    summary = {"exportTime": "2026-05-28T20:26:40.000Z", "outputFormat": "DYNAMODB_JSON", "itemCount": 4}
    (folder / "manifest-summary.json").write_text(json.dumps(summary | changes))
    lines = []
    for number, items in enumerate(files):
        text = "".join(json.dumps({"Item": item}, default=_encode_binary) + "\n" for item in items)
        (folder / "data" / f"{number}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        lines.append(
            json.dumps({"itemCount": len(items), "dataFileS3Key": f"x/AWSDynamoDB/1/data/{number}.json.gz"})
        )
    (folder / "manifest-files.json").write_text("\n".join(lines))


def _encode_binary(value: bytes) -> str:
    return base64.b64encode(value).decode()


class FakePipeline:
    """A deployed pipeline with a table of ten transactions, and an export of it in S3."""

    def __init__(self) -> None:
        self.opened = 0
        self.transactions_table_name = "transactions"

    def open(self) -> Any:
        self.opened += 1
        return self

    def dynamodb_client(self) -> Any:
        return self

    def client(self, service: str) -> Any:
        assert service == "s3"
        return self

    def describe_table(self, **_: Any) -> dict[str, Any]:
        return {"Table": {"ItemCount": 10, "TableSizeBytes": 10_000}}

    def describe_export(self, ExportArn: str) -> dict[str, Any]:  # noqa: N803
        return {
            "ExportDescription": {
                "ExportArn": ExportArn, "ExportStatus": "COMPLETED", "S3Bucket": "archive",
                "S3Prefix": "fraud",
            }
        }  # fmt: skip

    def scan(self, **request: Any) -> dict[str, Any]:
        return FakeScan([decided_item(NOW + number, label="fraud") for number in range(10)]).scan(**request)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert (Bucket, Key) == ("archive", "fraud/AWSDynamoDB/1-a/manifest-summary.json")
        summary = {"exportTime": "2026-05-28T20:26:40.000Z", "outputFormat": "DYNAMODB_JSON"}
        return {"Body": io.BytesIO(json.dumps(summary).encode())}


def test_table_is_scanned_without_an_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline = FakePipeline()
    export_decisions(pipeline.open, tmp_path / "out", ALWAYS, 7, NOW, as_json=True)
    assert read_summary(capsys)["frauds"] == 10


def test_export_is_found_by_arn_and_folder() -> None:
    pipeline = FakePipeline()
    for source in ("arn:aws:dynamodb:x:1:table/t/export/1-a", "s3://archive/fraud/AWSDynamoDB/1-a/"):
        assert open_table_export(pipeline.open, source).as_of_ms == NOW


def test_local_copy_of_an_export_needs_no_pipeline(tmp_path: Path) -> None:
    write_table_export(tmp_path, [])
    pipeline = FakePipeline()
    assert open_table_export(pipeline.open, str(tmp_path)).item_count == 4
    assert pipeline.opened == 0
