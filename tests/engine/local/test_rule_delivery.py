"""Delivery from a rule to a function: permissions, retries, destinations and dead-letter queues."""

import json

from tests.engine.local.emulator_fixtures import EmulatorFixtures

SLOW_CODE = """
import json, os, time, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    print("called")
    time.sleep(0.05)
    sqs.send_message(QueueUrl=os.environ["CALLS"], MessageBody=json.dumps(event["detail"]))
"""


def test_event_is_delivered_to_a_function_that_permits_the_rule(fixtures: EmulatorFixtures) -> None:
    bus, calls = fixtures.create_bus(), fixtures.create_queue()
    fixtures.create_function_rule(bus, fixtures.create_function(calls))
    fixtures.put_events(bus, {"n": 1})
    (call,) = calls.receive(1)
    assert call["json"]["detail"] == {"n": 1}
    assert call["json"]["detail-type"] == "Test"


def test_failed_event_is_sent_to_the_destination_after_three_attempts(fixtures: EmulatorFixtures) -> None:
    bus, calls, failures = fixtures.create_bus(), fixtures.create_queue(), fixtures.create_queue()
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": failures.arn}
    function = fixtures.create_function(calls, extra=(send,))
    fixtures.client("lambda").put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnFailure": {"Destination": failures.arn}}
    )
    fixtures.create_function_rule(bus, function)
    fixtures.put_events(bus, {"n": "fail"})
    (failure,) = [message["json"] for message in failures.receive(1)]
    assert len(calls.receive(3)) == 3
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["requestContext"]["approximateInvokeCount"] == 3
    assert failure["requestContext"]["functionArn"] == f"{function}:$LATEST"
    assert failure["requestPayload"]["detail"] == {"n": "fail"}
    assert failure["responsePayload"]["errorMessage"] == "as asked"
    assert failure["responseContext"]["functionError"] == "Unhandled"


def test_function_without_retries_is_invoked_once(fixtures: EmulatorFixtures) -> None:
    bus, calls, failures = fixtures.create_bus(), fixtures.create_queue(), fixtures.create_queue()
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": failures.arn}
    function = fixtures.create_function(calls, extra=(send,))
    fixtures.client("lambda").put_function_event_invoke_config(
        FunctionName=function,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    fixtures.create_function_rule(bus, function)
    fixtures.put_events(bus, {"n": "fail"})
    failures.receive(1)
    assert calls.length() == 1


def test_event_of_a_rule_without_permission_is_sent_to_the_targets_dead_letter_queue(
    fixtures: EmulatorFixtures,
) -> None:
    bus, calls, failures = fixtures.create_bus(), fixtures.create_queue(), fixtures.create_queue()
    failures.allow("events.amazonaws.com")
    function = fixtures.create_function(calls)
    rule = fixtures.create_function_rule(
        bus, function, permitted=False, DeadLetterConfig={"Arn": failures.arn}
    )
    fixtures.put_events(bus, {"n": 1})
    (failure,) = failures.receive(1)
    attributes = {name: value["StringValue"] for name, value in failure["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert (attributes["RULE_ARN"], attributes["TARGET_ARN"]) == (rule, function)
    assert failure["json"]["detail"] == {"n": 1}
    assert calls.length() == 0


def test_permission_for_another_rule_is_not_sufficient(fixtures: EmulatorFixtures) -> None:
    bus, calls, failures = fixtures.create_bus(), fixtures.create_queue(), fixtures.create_queue()
    failures.allow("events.amazonaws.com")
    function = fixtures.create_function(calls)
    allowed = fixtures.create_function_rule(fixtures.create_bus(), function)
    rule = fixtures.create_function_rule(
        bus, function, permitted=False, DeadLetterConfig={"Arn": failures.arn}
    )
    assert rule != allowed
    fixtures.put_events(bus, {"n": 1})
    assert failures.receive(1)[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_event_for_a_deleted_function_is_sent_to_the_targets_dead_letter_queue(
    fixtures: EmulatorFixtures,
) -> None:
    bus, calls, failures = fixtures.create_bus(), fixtures.create_queue(), fixtures.create_queue()
    failures.allow("events.amazonaws.com")
    function = fixtures.create_function(calls)
    fixtures.create_function_rule(bus, function, DeadLetterConfig={"Arn": failures.arn})
    fixtures.client("lambda").delete_function(FunctionName=function)
    fixtures.put_events(bus, {"n": 1})
    assert failures.receive(1)[0]["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_burst_above_the_concurrency_of_the_function_loses_no_event(fixtures: EmulatorFixtures) -> None:
    bus, calls = fixtures.create_bus(), fixtures.create_queue()
    function = fixtures.create_function(calls, code=SLOW_CODE)
    fixtures.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=1)
    fixtures.create_function_rule(bus, function)
    fixtures.put_events(bus, *({"n": number} for number in range(60)))
    numbers = sorted(message["json"]["n"] for message in calls.receive(60, seconds=30))
    assert numbers == list(range(60))


def test_asynchronous_invocation_is_retried_and_sent_to_the_dead_letter_queue(
    fixtures: EmulatorFixtures,
) -> None:
    calls, failures = fixtures.create_queue(), fixtures.create_queue()
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": failures.arn}
    function = fixtures.create_function(calls, extra=(send,), DeadLetterConfig={"TargetArn": failures.arn})
    payload = json.dumps({"n": "fail"})
    fixtures.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    (failure,) = failures.receive(1)
    assert failure["json"] == {"n": "fail"}
    assert len(calls.receive(3)) == 3


def test_function_can_import_boto3_and_no_package_of_the_developer(fixtures: EmulatorFixtures) -> None:
    code = "import boto3, importlib\ndef handler(event, context):\n    importlib.import_module(event)\n"
    function = fixtures.create_function(fixtures.create_queue(), code=code)
    for module in ("pulumi", "local.emulator", "msgspec"):
        response = fixtures.client("lambda").invoke(FunctionName=function, Payload=json.dumps(module))
        assert "No module named" in json.loads(response["Payload"].read())["errorMessage"]


def test_function_does_not_inherit_the_emulators_settings_or_keys(fixtures: EmulatorFixtures) -> None:
    code = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
    function = fixtures.create_function(fixtures.create_queue(), code=code)
    response = fixtures.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    variables = json.loads(response["Payload"].read())
    assert not {"AUTH", "STATE_DIR", "GATEWAY_PORT", "LOCAL_RUNTIME_PACKAGES"} & variables.keys()
    assert fixtures.aws.endpoint.credentials.secret_access_key not in variables.values()
    assert variables["AWS_ACCESS_KEY_ID"].startswith("ASIA")
