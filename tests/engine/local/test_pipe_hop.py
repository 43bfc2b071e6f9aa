"""A pipe carries a table's stream to a bus, with its own filter, template, permissions and failure queue."""

from tests.engine.local.world import World, name, pipe_permissions
from tests.waiting import wait_for

ACCOUNT_PRESENT = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"account": {"S": [{"exists": True}]}}}}
TEMPLATE = '{"event_name": <$.eventName>, "item": {"id": <$.dynamodb.NewImage.id>}}'


def test_inserted_item_arrives_on_the_bus_as_the_template_says(world: World) -> None:
    table, bus = world.table(), world.bus()
    arrived = world.bus_to_queue(bus)
    world.pipe(
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


def test_changed_item_is_filtered_out(world: World) -> None:
    table, bus = world.table(), world.bus()
    arrived = world.bus_to_queue(bus)
    world.pipe(table, bus, pattern={"eventName": ["INSERT"]}, template=TEMPLATE)
    table.put("one")
    table.put("one", changed={"S": "yes"})
    table.put("two")
    ids = [message["json"]["detail"]["item"]["id"]["S"] for message in arrived.receive(2)]
    assert sorted(ids) == ["one", "two"]
    assert arrived.length() == 0


def test_without_a_template_the_whole_record_is_the_detail(world: World) -> None:
    table, bus = world.table(), world.bus()
    arrived = world.bus_to_queue(bus)
    made = world.pipe(table, bus)
    table.put("one", amount={"N": "12.3400"})
    (event,) = [message["json"] for message in arrived.receive(1)]
    assert event["detail"]["dynamodb"]["NewImage"]["amount"] == {"N": "12.34"}
    assert event["detail"]["eventSourceARN"] == table.stream
    assert (event["source"], event["detail-type"]) == (f"Pipe {made}", "Event from aws:dynamodb")


def test_pipe_at_latest_skips_what_was_there_before(world: World) -> None:
    table, bus = world.table(), world.bus()
    arrived = world.bus_to_queue(bus)
    table.put("before")
    world.pipe(table, bus, stream={"StartingPosition": "LATEST"}, template=TEMPLATE)
    table.put("after")
    assert [message["json"]["detail"]["item"]["id"]["S"] for message in arrived.receive(1)] == ["after"]
    assert arrived.length() == 0


def test_records_of_a_pipe_that_may_not_put_events_go_to_its_failure_queue(world: World) -> None:
    table, bus, failures = world.table(), world.bus(), world.queue()
    read, _, send = pipe_permissions(table, bus, failures)
    table.put("one")
    table.put("two")
    made = world.pipe(
        table, bus, dead_letters=failures, statements=[read, send],
        stream={"MaximumRetryAttempts": 1, "OnPartialBatchItemFailure": "AUTOMATIC_BISECT"},
    )  # fmt: skip
    messages = [message["json"] for message in failures.receive(2)]
    assert [message["DDBStreamBatchInfo"]["batchSize"] for message in messages] == [1, 1]
    assert {message["context"]["condition"] for message in messages} == {"RetryAttemptsExhausted"}
    assert messages[0]["context"]["partnerResourceArn"].endswith(f":pipe/{made}")
    assert messages[0]["DDBStreamBatchInfo"]["streamArn"] == table.stream


def test_one_record_that_fits_no_template_does_not_hold_back_the_others(world: World) -> None:
    table, bus, failures = world.table(), world.bus(), world.queue()
    arrived = world.bus_to_queue(bus)
    for key, more in (("one", {"note": {"S": "x"}}), ("two", {}), ("three", {"note": {"S": "y"}})):
        table.put(key, **more)
    world.pipe(
        table, bus, dead_letters=failures, template='{"note": <$.dynamodb.NewImage.note.S>}',
        stream={"MaximumRetryAttempts": 0, "OnPartialBatchItemFailure": "AUTOMATIC_BISECT"},
    )  # fmt: skip
    assert sorted(message["json"]["detail"]["note"] for message in arrived.receive(2)) == ["x", "y"]
    (failure,) = [message["json"] for message in failures.receive(1)]
    assert failure["DDBStreamBatchInfo"]["batchSize"] == 1


def test_pipe_whose_role_trusts_another_pipe_reads_nothing_until_it_is_trusted(world: World) -> None:
    table, bus = world.table(), world.bus()
    arrived = world.bus_to_queue(bus)
    elsewhere = {"ArnLike": {"aws:SourceArn": f"arn:aws:pipes:*:{world.account}:pipe/{name('other')}"}}
    role = world.role("pipes.amazonaws.com", *pipe_permissions(table, bus, None), condition=elsewhere)
    made = world.pipe(table, bus, role=role)
    table.put("one")
    events = world.client("events")
    events.put_events(Entries=[{"EventBusName": bus, "Source": "test", "DetailType": "Ping", "Detail": "{}"}])
    assert arrived.receive(1)[0]["json"]["detail-type"] == "Ping"
    trusted = world.role("pipes.amazonaws.com", *pipe_permissions(table, bus, None))
    world.client("pipes").update_pipe(Name=made, RoleArn=trusted)
    assert arrived.receive(1)[0]["json"]["detail"]["dynamodb"]["Keys"] == {"id": {"S": "one"}}


def test_stopped_pipe_goes_on_where_it_was_when_it_is_started(world: World) -> None:
    table, bus, pipes = world.table(), world.bus(), world.client("pipes")
    arrived = world.bus_to_queue(bus)
    made = world.pipe(table, bus, template=TEMPLATE)
    table.put("one")
    arrived.receive(1)
    pipes.stop_pipe(Name=made)
    table.put("two")
    pipes.start_pipe(Name=made)
    assert [message["json"]["detail"]["item"]["id"]["S"] for message in arrived.receive(1)] == ["two"]


def test_pipe_reads_back_what_it_was_given(world: World) -> None:
    table, bus, pipes = world.table(), world.bus(), world.client("pipes")
    made = world.pipe(table, bus, pattern=ACCOUNT_PRESENT, template=TEMPLATE, stream={"BatchSize": 7})
    described = pipes.describe_pipe(Name=made)
    assert described["SourceParameters"]["DynamoDBStreamParameters"]["BatchSize"] == 7
    assert described["TargetParameters"]["InputTemplate"] == TEMPLATE
    pipes.update_pipe(
        Name=made, RoleArn=described["RoleArn"],
        SourceParameters={"DynamoDBStreamParameters": {"MaximumRetryAttempts": 2}},
    )  # fmt: skip
    source = pipes.describe_pipe(Name=made)["SourceParameters"]
    assert source["DynamoDBStreamParameters"] == {
        "StartingPosition": "TRIM_HORIZON",
        "MaximumRetryAttempts": 2,
    }
    assert "FilterCriteria" in source


def test_thousand_writes_all_arrive_once(world: World) -> None:
    table, bus = world.table(), world.bus()
    arrived = world.bus_to_queue(bus)
    world.pipe(table, bus, template=TEMPLATE)
    keys = [f"{number:04d}" for number in range(1000)]
    for start in range(0, len(keys), 25):
        requests = [{"PutRequest": {"Item": {"id": {"S": key}}}} for key in keys[start : start + 25]]
        table.dynamodb.batch_write_item(RequestItems={table.name: requests})
    wait_for(lambda: arrived.length() == len(keys), what="all events")
    assert arrived.length() == len(keys)


def test_emptied_parameters_are_taken_back(world: World) -> None:
    table, bus, pipes = world.table(), world.bus(), world.client("pipes")
    made = world.pipe(table, bus, template=TEMPLATE)
    role = pipes.describe_pipe(Name=made)["RoleArn"]
    pipes.update_pipe(Name=made, RoleArn=role, TargetParameters={})
    assert "TargetParameters" not in pipes.describe_pipe(Name=made)
