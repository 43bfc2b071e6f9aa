"""A rule's events reach their function as on AWS: retried, and kept where its owners want what fails."""

import json

from tests.engine.local.world import World

SLOW = """
import json, os, time, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    print("called")
    time.sleep(0.05)
    sqs.send_message(QueueUrl=os.environ["CALLS"], MessageBody=json.dumps(event["detail"]))
"""


def test_event_reaches_the_function_that_permits_the_rule(world: World) -> None:
    bus, calls = world.bus(), world.queue()
    world.rule_to_function(bus, world.function(calls))
    world.put(bus, {"n": 1})
    (call,) = calls.receive(1)
    assert call["json"]["detail"] == {"n": 1}
    assert call["json"]["detail-type"] == "Test"


def test_failing_event_is_tried_three_times_and_then_kept_with_its_reason(world: World) -> None:
    bus, calls, failures = world.bus(), world.queue(), world.queue()
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": failures.arn}
    function = world.function(calls, extra=(send,))
    world.client("lambda").put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnFailure": {"Destination": failures.arn}}
    )
    world.rule_to_function(bus, function)
    world.put(bus, {"n": "fail"})
    (failure,) = [message["json"] for message in failures.receive(1)]
    assert len(calls.receive(3)) == 3
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["requestContext"]["approximateInvokeCount"] == 3
    assert failure["requestContext"]["functionArn"] == f"{function}:$LATEST"
    assert failure["requestPayload"]["detail"] == {"n": "fail"}
    assert failure["responsePayload"]["errorMessage"] == "as asked"
    assert failure["responseContext"]["functionError"] == "Unhandled"


def test_function_without_retries_is_called_once(world: World) -> None:
    bus, calls, failures = world.bus(), world.queue(), world.queue()
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": failures.arn}
    function = world.function(calls, extra=(send,))
    world.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    world.rule_to_function(bus, function)
    world.put(bus, {"n": "fail"})
    failures.receive(1)
    assert calls.length() == 1


def test_event_of_a_rule_that_may_not_invoke_goes_to_the_targets_queue(world: World) -> None:
    bus, calls, failures = world.bus(), world.queue(), world.queue()
    failures.allow("events.amazonaws.com")
    function = world.function(calls)
    rule = world.rule_to_function(bus, function, permitted=False, DeadLetterConfig={"Arn": failures.arn})
    world.put(bus, {"n": 1})
    (failure,) = failures.receive(1)
    attributes = {name: value["StringValue"] for name, value in failure["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"]) == (rule, function)
    assert failure["json"]["detail"] == {"n": 1}
    assert calls.length() == 0


def test_permission_for_another_rule_does_not_serve(world: World) -> None:
    bus, calls, failures = world.bus(), world.queue(), world.queue()
    failures.allow("events.amazonaws.com")
    function = world.function(calls)
    allowed = world.rule_to_function(world.bus(), function)
    rule = world.rule_to_function(bus, function, permitted=False, DeadLetterConfig={"Arn": failures.arn})
    assert rule != allowed
    world.put(bus, {"n": 1})
    assert failures.receive(1)[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_event_for_a_deleted_function_goes_to_the_targets_queue(world: World) -> None:
    bus, calls, failures = world.bus(), world.queue(), world.queue()
    failures.allow("events.amazonaws.com")
    function = world.function(calls)
    world.rule_to_function(bus, function, DeadLetterConfig={"Arn": failures.arn})
    world.client("lambda").delete_function(FunctionName=function)
    world.put(bus, {"n": 1})
    assert failures.receive(1)[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_burst_over_the_functions_concurrency_loses_nothing(world: World) -> None:
    bus, calls = world.bus(), world.queue()
    function = world.function(calls, code=SLOW)
    world.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    world.rule_to_function(bus, function)
    world.put(bus, *({"n": number} for number in range(60)))
    numbers = sorted(message["json"]["n"] for message in calls.receive(60, seconds=30))
    assert numbers == list(range(60))


def test_asynchronous_invoke_goes_through_the_same_queue(world: World) -> None:
    calls, failures = world.queue(), world.queue()
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": failures.arn}
    function = world.function(calls, extra=(send,), DeadLetterConfig={"TargetArn": failures.arn})
    payload = json.dumps({"n": "fail"})
    world.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    (failure,) = failures.receive(1)
    assert failure["json"] == {"n": "fail"}
    assert len(calls.receive(3)) == 3


def test_function_finds_boto3_and_nothing_else_of_the_developers(world: World) -> None:
    code = "import boto3, importlib\ndef handler(event, context):\n    importlib.import_module(event)\n"
    function = world.function(world.queue(), code=code)
    for module in ("pulumi", "local.emulator", "msgspec"):
        answer = world.client("lambda").invoke(FunctionName=function, Payload=json.dumps(module))
        assert "No module named" in json.loads(answer["Payload"].read())["errorMessage"]


def test_function_does_not_see_the_emulators_settings_or_keys(world: World) -> None:
    code = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    function = world.function(world.queue(), code=code)
    answer = world.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    seen = json.loads(answer["Payload"].read())
    assert not {"AUTH", "STATE_DIR", "GATEWAY_PORT", "LOCAL_RUNTIME_PACKAGES"} & seen.keys()
    assert world.aws.endpoint.credentials.secret_access_key not in seen.values()
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")
