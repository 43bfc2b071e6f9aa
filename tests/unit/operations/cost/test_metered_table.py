from typing import Any

import pytest

from operations.cost.metered_table import MeteredDynamoDb, apply_update, measure_item

KEY = {"id": {"S": "a"}}
NAME = len("id")


def make_table(size: int = 0) -> MeteredDynamoDb:
    """The table `t`, with one item of that size, unless it is 0."""
    table = MeteredDynamoDb({"t": ("id",)})
    if size:
        table.put_item(TableName="t", Item=make_item(size))
        table.requests.clear()
    return table


def make_item(size: int) -> dict[str, Any]:
    item = {**KEY, "data": {"B": b""}}
    return item | {"data": {"B": bytes(size - measure_item(item))}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "é"}, 2),
        ({"B": b"12345"}, 5),
        ({"NULL": True}, 1),
        ({"BOOL": False}, 1),
        ({"N": "7"}, 2),
        ({"N": "1780000000000"}, 3),
        ({"N": "1234567"}, 5),
        ({"N": "-12.5"}, 4),
        ({"SS": ["ab", "c"]}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"k": {"S": "ab"}}}, 7),
    ],
)
def test_size_of_a_value_follows_the_rules_of_dynamodb(value: dict[str, Any], size: int) -> None:
    assert measure_item({"id": value}) == NAME + size


@pytest.mark.parametrize(("size", "units"), [(1024, 1), (1025, 2), (3000, 3)])
def test_write_takes_a_unit_for_each_kb(size: int, units: int) -> None:
    table = make_table()
    table.put_item(TableName="t", Item=make_item(size))
    [request] = table.requests
    assert request[:4] == ("PutItem", "t", units, 0)


def test_write_in_a_transaction_takes_twice_the_units() -> None:
    table = make_table()
    table.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": make_item(1025)}}])
    assert [request.write_units for request in table.requests] == [4]


def test_update_that_shrinks_an_item_takes_the_units_of_the_larger_one() -> None:
    table = make_table(3000)
    table.update_item(
        TableName="t",
        Key=KEY,
        UpdateExpression="SET data = :data",
        ExpressionAttributeValues={":data": {"B": b""}},
    )
    assert [request.write_units for request in table.requests] == [3]
    assert table.find_item("t", KEY) == {**KEY, "data": {"B": b""}}


@pytest.mark.parametrize(("size", "units"), [(0, 1), (4096, 1), (4097, 2)])
def test_consistent_read_takes_a_unit_for_four_kb(size: int, units: int) -> None:
    table = make_table(size)
    table.get_item(TableName="t", Key=KEY, ConsistentRead=True)
    table.get_item(TableName="t", Key=KEY)
    assert [request.read_units for request in table.requests] == [units, units / 2]


def test_batch_read_takes_the_units_of_each_item() -> None:
    table = make_table(5000)
    keys = [KEY, {"id": {"S": "missing"}}]
    response = table.batch_get_item(RequestItems={"t": {"Keys": keys, "ConsistentRead": True}})
    assert response["Responses"] == {"t": [make_item(5000)]}
    assert [request.read_units for request in table.requests] == [2, 1]


def test_update_expression_sets_adds_and_removes_attributes() -> None:
    update = {
        "UpdateExpression": "SET #v = if_not_exists(#v, :none) + :one, c = :c ADD d :one REMOVE a, b",
        "ExpressionAttributeNames": {"#v": "version"},
        "ExpressionAttributeValues": {":none": {"N": "0"}, ":one": {"N": "1"}, ":c": {"S": "x"}},
    }
    item = {**KEY, "a": {"S": "1"}, "b": {"S": "2"}, "d": {"N": "4"}}
    assert apply_update(item, update) == {**KEY, "version": {"N": "1"}, "c": {"S": "x"}, "d": {"N": "5"}}


@pytest.mark.parametrize("expression", ["DELETE a :a", "SET a = list_append(b, :a)", "ADD a :set"])
def test_unknown_expression_is_an_error(expression: str) -> None:
    values = {":a": {"S": "x"}, ":set": {"SS": ["x"]}}
    with pytest.raises(NotImplementedError):
        apply_update(KEY, {"UpdateExpression": expression, "ExpressionAttributeValues": values})


def test_unknown_write_in_a_transaction_is_an_error() -> None:
    with pytest.raises(NotImplementedError):
        make_table().transact_write_items(TransactItems=[{"Delete": {"TableName": "t", "Key": KEY}}])
