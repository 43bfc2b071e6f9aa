import random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from benchmarks.virtual_aws.database import (
    CONFLICTS,
    FAILED_CONDITIONS,
    THROTTLED,
    THROTTLED_WRITES,
    Database,
    KeySchema,
)

Fields = dict[str, Any]


class Setting:
    """A database with the tables `counters` and `events`, and its time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        tables = {"counters": KeySchema("name"), "events": KeySchema("name", "time")}
        self.database = Database(tables, lambda: self.seconds)

    def read_count(self, name: str) -> str | None:
        item = self.database.get("counters", {"name": {"S": name}})
        return item["count"]["N"] if item and "count" in item else None


@pytest.fixture
def setting() -> Setting:
    return Setting()


def set_count(name: str, count: int, **changes: Any) -> Fields:
    return {
        "TableName": "counters",
        "Key": {"name": {"S": name}},
        "UpdateExpression": "SET #count = :count",
        "ExpressionAttributeNames": {"#count": "count"},
        "ExpressionAttributeValues": {":count": {"N": str(count)}},
    } | changes


def replace_count(name: str, before: int, after: int, **changes: Any) -> Fields:
    values = {":count": {"N": str(after)}, ":before": {"N": str(before)}}
    return set_count(
        name, after, ConditionExpression="#count = :before", ExpressionAttributeValues=values, **changes
    )


def put_text(name: str, kilobytes: float) -> Fields:
    return {
        "TableName": "counters",
        "Item": {"name": {"S": name}, "text": {"S": "x" * int(kilobytes * 1024)}},
    }


def read_reasons(error: ClientError) -> list[str]:
    response: Any = error.response
    return [reason["Code"] for reason in response["CancellationReasons"]]


def test_transaction_is_stored_at_its_commit(setting: Setting) -> None:
    writes = setting.database.begin([{"Update": set_count("a", 1)}, {"Update": set_count("b", 2)}])
    assert (setting.read_count("a"), setting.read_count("b")) == (None, None)
    setting.database.commit(writes)
    assert (setting.read_count("a"), setting.read_count("b")) == ("1", "2")


def test_transaction_on_a_held_item_is_cancelled_with_a_conflict(setting: Setting) -> None:
    first = setting.database.begin([{"Update": set_count("a", 1)}])
    with pytest.raises(ClientError) as raised:
        setting.database.begin([{"Update": set_count("b", 2)}, {"Update": set_count("a", 2)}])
    assert read_reasons(raised.value) == ["None", "TransactionConflict"]
    setting.database.commit(first)
    assert (setting.read_count("a"), setting.read_count("b")) == ("1", None)
    assert setting.database.counts[CONFLICTS] == 1
    assert setting.database.counts[FAILED_CONDITIONS] == 0


def test_cancelled_transaction_holds_no_item(setting: Setting) -> None:
    first = setting.database.begin([{"Update": set_count("a", 1)}])
    with pytest.raises(ClientError):
        setting.database.begin([{"Update": set_count("b", 2)}, {"Update": set_count("a", 2)}])
    setting.database.write("Update", set_count("b", 3))
    setting.database.commit(first)
    setting.database.write("Update", set_count("a", 3))
    assert (setting.read_count("a"), setting.read_count("b")) == ("3", "3")


@pytest.mark.parametrize("kind", ["Put", "Update", "Delete"])
def test_plain_write_to_a_held_item_conflicts(setting: Setting, kind: str) -> None:
    setting.database.begin([{"Update": set_count("a", 1)}])
    fields = set_count("a", 2, Item={"name": {"S": "a"}})
    with pytest.raises(ClientError) as raised:
        setting.database.write(kind, fields)
    assert raised.value.response["Error"]["Code"] == "TransactionConflictException"


def test_condition_check_holds_its_item_and_changes_nothing(setting: Setting) -> None:
    setting.database.write("Update", set_count("a", 1))
    check = replace_count("a", 1, 1)
    writes = setting.database.begin([{"ConditionCheck": check}, {"Update": set_count("b", 2)}])
    with pytest.raises(ClientError):
        setting.database.write("Update", set_count("a", 5))
    setting.database.commit(writes)
    assert (setting.read_count("a"), setting.read_count("b")) == ("1", "2")


def test_failed_condition_cancels_the_whole_transaction_and_returns_the_item(setting: Setting) -> None:
    setting.database.write("Update", set_count("a", 1))
    update = replace_count("a", 7, 8, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    with pytest.raises(ClientError) as raised:
        setting.database.begin([{"Update": set_count("b", 2)}, {"Update": update}])
    assert read_reasons(raised.value) == ["None", "ConditionalCheckFailed"]
    response: Any = raised.value.response
    assert response["CancellationReasons"][1]["Item"] == {"name": {"S": "a"}, "count": {"N": "1"}}
    assert setting.read_count("b") is None


def test_plain_write_with_a_failed_condition_changes_nothing(setting: Setting) -> None:
    setting.database.write("Update", set_count("a", 1))
    with pytest.raises(ClientError) as raised:
        setting.database.write("Update", replace_count("a", 7, 8))
    assert raised.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert setting.read_count("a") == "1"


def test_condition_reads_the_item_of_the_last_commit(setting: Setting) -> None:
    setting.database.write("Update", set_count("a", 1))
    setting.database.commit(setting.database.begin([{"Update": replace_count("a", 1, 2)}]))
    with pytest.raises(ClientError):
        setting.database.begin([{"Update": replace_count("a", 1, 2)}])
    setting.database.commit(setting.database.begin([{"Update": replace_count("a", 2, 3)}]))
    assert setting.read_count("a") == "3"


def test_transaction_with_two_writes_to_one_item_is_invalid(setting: Setting) -> None:
    with pytest.raises(ClientError) as raised:
        setting.database.begin([{"Update": set_count("a", 1)}, {"Update": set_count("a", 2)}])
    assert raised.value.response["Error"]["Code"] == "ValidationException"


def test_key_accepts_a_thousand_plain_writes_a_second(setting: Setting) -> None:
    for _ in range(1000):
        setting.database.write("Update", set_count("a", 1))
    with pytest.raises(ClientError) as raised:
        setting.database.write("Update", set_count("a", 1))
    assert raised.value.response["Error"]["Code"] == THROTTLED
    setting.database.write("Update", set_count("b", 1))
    setting.seconds = 0.01
    setting.database.write("Update", set_count("a", 1))
    assert setting.database.counts[THROTTLED_WRITES] == 1


def test_transactional_write_costs_two_units_per_kilobyte(setting: Setting) -> None:
    for _ in range(250):
        setting.database.commit(setting.database.begin([{"Put": put_text("a", 1.5)}]))
    with pytest.raises(ClientError) as raised:
        setting.database.begin([{"Put": put_text("a", 1.5)}, {"Put": put_text("b", 1.5)}])
    assert read_reasons(raised.value) == ["ThrottlingError", "None"]


def test_write_costs_the_larger_of_both_items(setting: Setting) -> None:
    setting.database.put("counters", put_text("a", 399)["Item"])
    setting.database.write("Delete", {"TableName": "counters", "Key": {"name": {"S": "a"}}})
    for _ in range(600):
        setting.database.write("Update", set_count("a", 1))
    with pytest.raises(ClientError):
        setting.database.write("Update", set_count("a", 1))


def test_failed_condition_costs_a_plain_write(setting: Setting) -> None:
    setting.database.write("Update", set_count("a", 1))
    for _ in range(999):
        with pytest.raises(ClientError):
            setting.database.begin([{"Update": replace_count("a", 7, 8)}])
    with pytest.raises(ClientError) as raised:
        setting.database.write("Update", set_count("a", 1))
    assert raised.value.response["Error"]["Code"] == THROTTLED


def test_items_of_one_partition_key_share_its_throughput(setting: Setting) -> None:
    def put(time: int) -> None:
        item = {"name": {"S": "a"}, "time": {"N": str(time)}}
        setting.database.write("Put", {"TableName": "events", "Item": item})

    for time in range(1000):
        put(time)
    with pytest.raises(ClientError):
        put(1000)


def test_consistent_read_costs_a_unit_per_four_kilobytes(setting: Setting) -> None:
    setting.database.put("counters", put_text("a", 5)["Item"])
    for _ in range(1500):
        setting.database.read("counters", {"name": {"S": "a"}})
    with pytest.raises(ClientError):
        setting.database.read("counters", {"name": {"S": "a"}})


def test_stream_gets_each_item_before_and_after_its_write(setting: Setting) -> None:
    records: list[tuple[Any, Any]] = []
    setting.database.subscribe("counters", lambda before, after: records.append((before, after)))
    setting.database.write("Update", set_count("a", 1))
    setting.database.write("Delete", {"TableName": "counters", "Key": {"name": {"S": "a"}}})
    item = {"name": {"S": "a"}, "count": {"N": "1"}}
    assert records == [(None, item), (item, None)]


def test_eventually_consistent_read_may_return_the_item_before_its_last_write() -> None:
    seconds = 0.0
    database = Database({"counters": KeySchema("name")}, lambda: seconds, random.Random(1))  # noqa: S311
    key = {"name": {"S": "a"}}
    database.write("Update", set_count("a", 1))
    seconds = 1.0
    database.write("Update", set_count("a", 2))
    counts = {str((database.read("counters", key, consistent=False) or {})["count"]["N"]) for _ in range(50)}
    assert counts == {"1", "2"}
    assert {str((database.read("counters", key) or {})["count"]["N"]) for _ in range(50)} == {"2"}
    seconds = 1.2
    counts = {str((database.read("counters", key, consistent=False) or {})["count"]["N"]) for _ in range(50)}
    assert counts == {"2"}


def test_update_returns_the_item_before_it_if_asked(setting: Setting) -> None:
    returned = {"ReturnValues": "ALL_OLD", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    assert setting.database.write("Update", set_count("c", 1, **returned)) == {}
    before = setting.database.get("counters", {"name": {"S": "c"}})
    assert setting.database.write("Update", set_count("c", 2, **returned)) == {"Attributes": before}
    with pytest.raises(ClientError) as refused:
        setting.database.write("Update", replace_count("c", 1, 3, **returned))
    assert refused.value.response["Item"] == setting.database.get("counters", {"name": {"S": "c"}})  # type: ignore[typeddict-item]
    assert setting.database.write("Update", set_count("c", 4)) == {}
