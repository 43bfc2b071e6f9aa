"""Changes of event source mappings: replacements, defaults and equivalent values as with the provider."""

import json
from typing import Any

import pytest

from local.plugin.aws import Aws
from local.plugin.life_cycle import LifeCycle
from local.plugin.services.lambda_triggers import EventSourceMapping

STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/s"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"
INPUTS = {
    "eventSourceArn": STREAM,
    "functionName": FUNCTION,
    "startingPosition": "TRIM_HORIZON",
    "batchSize": 100,
    "parallelizationFactor": 1,
    "maximumRetryAttempts": -1,
    "maximumRecordAgeInSeconds": -1,
    "tumblingWindowInSeconds": 900,
    "bisectBatchOnFunctionError": True,
    "destinationConfig": {"onFailure": {"destinationArn": "arn:aws:sqs:eu-west-1:123456789012:q"}},
    "filterCriteria": {"filters": [{"pattern": '{"eventName": ["INSERT"]}'}]},
}


class FakeLambda:
    """Records the requests, and returns the last one as the mapping."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def create_event_source_mapping(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"UUID": "uuid"}

    def update_event_source_mapping(self, **request: Any) -> None:
        self.requests.append(request)

    def get_event_source_mapping(self, **_: Any) -> dict[str, Any]:
        request = self.requests[-1]
        return {
            **request,
            "State": "Enabled",
            "EventSourceMappingArn": "arn",
            "EventSourceArn": STREAM,
            "FunctionArn": FUNCTION,
        }

    def list_tags(self, **_: Any) -> dict[str, Any]:
        return {"Tags": {}}


class Mapping(EventSourceMapping):
    """An event source mapping with a fake client."""

    fake = FakeLambda()

    @property
    def client(self) -> Any:
        return self.fake


def make_life_cycle() -> tuple[LifeCycle, FakeLambda]:
    resource = Mapping(Aws("http://127.0.0.1:1", "eu-west-1", {}))
    resource.fake = FakeLambda()
    return LifeCycle(resource), resource.fake


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in INPUTS.items() if name not in names}


def test_created_mapping_of_a_stream_has_no_diff_with_its_inputs() -> None:
    life, client = make_life_cycle()
    _, outputs = life.create(INPUTS)
    assert client.requests[0]["DestinationConfig"] == {
        "OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:123456789012:q"}
    }
    assert outputs.items() >= INPUTS.items()
    assert life.changed_properties(outputs, INPUTS) == {}


@pytest.mark.parametrize(
    ("name", "value", "replaces"),
    [
        ("startingPosition", "LATEST", True),
        ("eventSourceArn", f"{STREAM}2", True),
        ("parallelizationFactor", 2, False),
        ("maximumRetryAttempts", 3, False),
        ("maximumRecordAgeInSeconds", 60, False),
        ("tumblingWindowInSeconds", 60, False),
        ("bisectBatchOnFunctionError", False, False),
        ("destinationConfig", {"onFailure": {"destinationArn": "arn:aws:sqs:eu-west-1:1:r"}}, False),
    ],
)
def test_change_replaces_the_mapping_only_if_lambda_cannot_apply_it(
    name: str, value: object, *, replaces: bool
) -> None:
    life, _ = make_life_cycle()
    _, outputs = life.create(INPUTS)
    assert life.changed_properties(outputs, {**INPUTS, name: value}) == {name: replaces}


def test_removed_value_is_a_change_unless_lambda_chose_it() -> None:
    life, _ = make_life_cycle()
    _, outputs = life.create(INPUTS)
    chosen = ("batchSize", "parallelizationFactor", "maximumRetryAttempts", "maximumRecordAgeInSeconds")
    assert life.changed_properties(outputs, without(*chosen, "destinationConfig")) == {}
    assert life.changed_properties(
        outputs, without("tumblingWindowInSeconds", "bisectBatchOnFunctionError")
    ) == {"tumblingWindowInSeconds": False, "bisectBatchOnFunctionError": False}


def test_filter_with_the_same_content_is_not_a_change() -> None:
    life, _ = make_life_cycle()
    _, outputs = life.create(INPUTS)
    pattern = json.dumps({"eventName": ["INSERT"]}, indent=1)
    inputs = {**INPUTS, "filterCriteria": {"filters": [{"pattern": pattern}]}}
    assert life.changed_properties(outputs, inputs) == {}


def test_update_resets_removed_values_and_omits_the_starting_position() -> None:
    life, client = make_life_cycle()
    _, outputs = life.create(INPUTS)
    life.update("uuid", outputs, without("tumblingWindowInSeconds", "filterCriteria"))
    request = client.requests[-1]
    assert (request["TumblingWindowInSeconds"], request["FilterCriteria"]) == (0, {})
    assert "StartingPosition" not in request


def test_mapping_of_a_queue_has_no_parameters_of_streams() -> None:
    life, client = make_life_cycle()
    life.create({"eventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:q", "functionName": FUNCTION})
    assert client.requests[0].keys() & {"TumblingWindowInSeconds", "BisectBatchOnFunctionError"} == set()
