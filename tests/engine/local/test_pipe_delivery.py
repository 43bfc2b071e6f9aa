"""Delivery by a pipe from a table's stream to a bus: filter, template, permissions, dead-letter queue."""

from tests.engine.local.emulator_fixtures import EmulatorFixtures, pipe_permissions, unique_name
from tests.waiting import wait_for

ACCOUNT_PRESENT = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"account": {"S": [{"exists": True}]}}}}
TEMPLATE = '{"event_name": <$.eventName>, "item": {"id": <$.dynamodb.NewImage.id>}}'


def test_inserted_item_is_delivered_to_the_bus_in_the_format_of_the_template(
    fixtures: EmulatorFixtures,
) -> None:
    table, bus = fixtures.create_table(), fixtures.create_bus()
    arrived = fixtures.create_bus_queue(bus)
    fixtures.create_pipe(
        table, bus, pattern=ACCOUNT_PRESENT, template=TEMPLATE,
        event_bus={"Source": "fraud", "DetailType": "Inserted", "Resources": ["$.eventSourceARN"]},
    )  # fmt: skip
    table.put("guard")
    table.put("one", account={"S": 'a "quoted" name'})
    (event,) = [message["json"] for message in arrived.receive(1)]
    assert event["detail"] == {"event_name": "INSERT", "item": {"id": {"S": "one"}}}
    assert (event["source"], event["detail-type"]) == ("fraud", "Inserted")
    assert event["resources"] == [table.stream]
    assert arrived.length() == 0


def test_changed_item_is_filtered_out(fixtures: EmulatorFixtures) -> None:
    table, bus = fixtures.create_table(), fixtures.create_bus()
    arrived = fixtures.create_bus_queue(bus)
    fixtures.create_pipe(table, bus, pattern={"eventName": ["INSERT"]}, template=TEMPLATE)
    table.put("one")
    table.put("one", changed={"S": "yes"})
    table.put("two")
    ids = [message["json"]["detail"]["item"]["id"]["S"] for message in arrived.receive(2)]
    assert sorted(ids) == ["one", "two"]
    assert arrived.length() == 0


def test_detail_is_the_whole_record_without_a_template(fixtures: EmulatorFixtures) -> None:
    table, bus = fixtures.create_table(), fixtures.create_bus()
    arrived = fixtures.create_bus_queue(bus)
    pipe = fixtures.create_pipe(table, bus)
    table.put("one", amount={"N": "12.3400"})
    (event,) = [message["json"] for message in arrived.receive(1)]
    assert event["detail"]["dynamodb"]["NewImage"]["amount"] == {"N": "12.34"}
    assert event["detail"]["eventSourceARN"] == table.stream
    assert (event["source"], event["detail-type"]) == (f"Pipe {pipe}", "Event from aws:dynamodb")


def test_pipe_with_starting_position_latest_skips_earlier_records(fixtures: EmulatorFixtures) -> None:
    table, bus = fixtures.create_table(), fixtures.create_bus()
    arrived = fixtures.create_bus_queue(bus)
    table.put("before")
    fixtures.create_pipe(table, bus, stream={"StartingPosition": "LATEST"}, template=TEMPLATE)
    table.put("after")
    assert [message["json"]["detail"]["item"]["id"]["S"] for message in arrived.receive(1)] == ["after"]
    assert arrived.length() == 0


def test_records_of_a_pipe_without_permission_are_sent_to_its_dead_letter_queue(
    fixtures: EmulatorFixtures,
) -> None:
    table, bus, dead_letters = fixtures.create_table(), fixtures.create_bus(), fixtures.create_queue()
    read, _, send = pipe_permissions(table, bus, dead_letters)
    table.put("one")
    table.put("two")
    pipe = fixtures.create_pipe(
        table, bus, dead_letters=dead_letters, statements=[read, send],
        stream={"MaximumRetryAttempts": 1, "OnPartialBatchItemFailure": "AUTOMATIC_BISECT"},
    )  # fmt: skip
    messages = [message["json"] for message in dead_letters.receive(2)]
    assert [message["DDBStreamBatchInfo"]["batchSize"] for message in messages] == [1, 1]
    assert {message["context"]["condition"] for message in messages} == {"RetryAttemptsExhausted"}
    assert messages[0]["context"]["partnerResourceArn"].endswith(f":pipe/{pipe}")
    assert messages[0]["DDBStreamBatchInfo"]["streamArn"] == table.stream


def test_record_that_does_not_fit_the_template_does_not_delay_other_records(
    fixtures: EmulatorFixtures,
) -> None:
    table, bus, dead_letters = fixtures.create_table(), fixtures.create_bus(), fixtures.create_queue()
    arrived = fixtures.create_bus_queue(bus)
    for key, more in (("one", {"note": {"S": "x"}}), ("two", {}), ("three", {"note": {"S": "y"}})):
        table.put(key, **more)
    # Without a note, the detail is not an object.
    fixtures.create_pipe(
        table, bus, dead_letters=dead_letters, template="<$.dynamodb.NewImage.note>",
        stream={"MaximumRetryAttempts": 0, "OnPartialBatchItemFailure": "AUTOMATIC_BISECT"},
    )  # fmt: skip
    assert sorted(message["json"]["detail"]["S"] for message in arrived.receive(2)) == ["x", "y"]
    (failure,) = [message["json"] for message in dead_letters.receive(1)]
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 1


def test_pipe_reads_nothing_until_its_role_trusts_it(
    fixtures: EmulatorFixtures,
) -> None:
    table, bus = fixtures.create_table(), fixtures.create_bus()
    arrived = fixtures.create_bus_queue(bus)
    elsewhere = {
        "ArnLike": {"aws:SourceArn": f"arn:aws:pipes:*:{fixtures.account}:pipe/{unique_name('other')}"}
    }
    role = fixtures.create_role(
        "pipes.amazonaws.com", *pipe_permissions(table, bus, None), condition=elsewhere
    )
    pipe = fixtures.create_pipe(table, bus, role=role)
    table.put("one")
    events = fixtures.client("events")
    events.put_events(Entries=[{"EventBusName": bus, "Source": "test", "DetailType": "Ping", "Detail": "{}"}])
    assert arrived.receive(1)[0]["json"]["detail-type"] == "Ping"
    trusted = fixtures.create_role("pipes.amazonaws.com", *pipe_permissions(table, bus, None))
    fixtures.client("pipes").update_pipe(Name=pipe, RoleArn=trusted)
    assert arrived.receive(1)[0]["json"]["detail"]["dynamodb"]["Keys"] == {"id": {"S": "one"}}


def test_pipe_continues_at_its_position_after_a_stop_and_start(fixtures: EmulatorFixtures) -> None:
    table, bus, pipes = fixtures.create_table(), fixtures.create_bus(), fixtures.client("pipes")
    arrived = fixtures.create_bus_queue(bus)
    pipe = fixtures.create_pipe(table, bus, template=TEMPLATE)
    table.put("one")
    arrived.receive(1)
    pipes.stop_pipe(Name=pipe)
    table.put("two")
    pipes.start_pipe(Name=pipe)
    assert [message["json"]["detail"]["item"]["id"]["S"] for message in arrived.receive(1)] == ["two"]


def test_pipe_description_has_its_parameters(fixtures: EmulatorFixtures) -> None:
    table, bus, pipes = fixtures.create_table(), fixtures.create_bus(), fixtures.client("pipes")
    pipe = fixtures.create_pipe(
        table, bus, pattern=ACCOUNT_PRESENT, template=TEMPLATE, stream={"BatchSize": 7}
    )
    described = pipes.describe_pipe(Name=pipe)
    assert described["SourceParameters"]["DynamoDBStreamParameters"]["BatchSize"] == 7
    assert described["TargetParameters"]["InputTemplate"] == TEMPLATE
    pipes.update_pipe(
        Name=pipe, RoleArn=described["RoleArn"],
        SourceParameters={"DynamoDBStreamParameters": {"MaximumRetryAttempts": 2}},
    )  # fmt: skip
    source = pipes.describe_pipe(Name=pipe)["SourceParameters"]
    assert source["DynamoDBStreamParameters"] == {
        "StartingPosition": "TRIM_HORIZON",
        "MaximumRetryAttempts": 2,
    }
    assert "FilterCriteria" in source


def test_thousand_writes_are_delivered_once(fixtures: EmulatorFixtures) -> None:
    table, bus = fixtures.create_table(), fixtures.create_bus()
    arrived = fixtures.create_bus_queue(bus)
    fixtures.create_pipe(table, bus, template=TEMPLATE)
    keys = [f"{number:04d}" for number in range(1000)]
    for start in range(0, len(keys), 25):
        requests = [{"PutRequest": {"Item": {"id": {"S": key}}}} for key in keys[start : start + 25]]
        table.dynamodb.batch_write_item(RequestItems={table.name: requests})
    wait_for(lambda: arrived.length() == len(keys), what="all events")
    assert arrived.length() == len(keys)


def test_empty_parameters_are_removed(fixtures: EmulatorFixtures) -> None:
    table, bus, pipes = fixtures.create_table(), fixtures.create_bus(), fixtures.client("pipes")
    pipe = fixtures.create_pipe(table, bus, template=TEMPLATE)
    role = pipes.describe_pipe(Name=pipe)["RoleArn"]
    pipes.update_pipe(Name=pipe, RoleArn=role, TargetParameters={})
    assert "TargetParameters" not in pipes.describe_pipe(Name=pipe)
