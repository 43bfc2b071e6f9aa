"""The conversion to CloudFormation: nothing is left out without an entry that gives a reason."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.aws.properties.conversions import CONVERSIONS, NO_COUNTERPART, Part, Resource
from tests.aws.properties.errors import ConversionError
from tests.aws.properties.schemas import Schema
from tests.aws.properties.template import make_template
from tests.stacks.recording import Program, Recorded

QUEUE = "sqs/queue:Queue"


def resource(type_: str, name: str, /, **inputs: Any) -> Recorded:
    return Recorded(f"aws:{type_}", name, inputs, protect=False, retain=False, parent="", dependencies=())


def convert(*resources: Recorded) -> list[Mapping[str, Any]]:
    """The converted resources' properties, in order."""
    template = make_template([Program("layer", list(resources))])
    return [converted["Properties"] for converted in template["Resources"].values()]


def test_a_type_without_an_entry_fails() -> None:
    with pytest.raises(ConversionError, match=r"s3/bucket:Bucket.*conversions\.py"):
        convert(resource("s3/bucket:Bucket", "mail"))


def test_a_property_without_a_place_fails() -> None:
    with pytest.raises(ConversionError, match=r"'delay'.*conversions\.py"):
        convert(resource(QUEUE, "jobs", delay=3.0))


def test_a_nested_property_without_a_place_fails() -> None:
    with pytest.raises(ConversionError, match="'level'"):
        convert(resource("lambda/function:Function", "api", loggingConfig={"level": "INFO"}))


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("budgets/budget:Budget", {"notifications": [], "tags": {}, "timePeriodStart": "2026-01-01"}),
        ("lambda/function:Function", {"publish": True}),
        ("dynamodb/table:Table", {"attributes": [], "replicas": []}),
        ("cloudwatch/metricAlarm:MetricAlarm", {"metricQueries": [{"id": "a", "unit": "Count"}]}),
    ],
)
def test_a_property_that_a_shape_does_not_know_fails(type_: str, inputs: dict[str, Any]) -> None:
    named = dict.fromkeys(("name", "budgetType", "timeUnit", "limitUnit"), "x") if "budget" in type_ else {}
    limits = {"limitAmount": "1"} if "budget" in type_ else {}
    with pytest.raises(ConversionError):
        convert(resource(type_, "r", **named, **limits, **inputs))


def test_two_inputs_for_one_property_fail() -> None:
    with pytest.raises(ConversionError, match="QueueName"):
        convert(resource(QUEUE, "jobs", name="jobs", queueName="tasks"))


def test_an_id_of_another_resource_that_would_stay_text_fails() -> None:
    vpc = resource("ec2/vpc:Vpc", "main")
    with pytest.raises(ConversionError, match="REFERENCES"):
        convert(vpc, resource("sns/topic:Topic", "alerts", displayName="main-id"))


def test_a_part_without_its_owner_fails() -> None:
    with pytest.raises(ConversionError, match="eventRule"):
        convert(resource("cloudwatch/eventTarget:EventTarget", "fraud", rule="gone", eventBusName="bus"))


def test_an_id_becomes_a_reference() -> None:
    vpc = resource("ec2/vpc:Vpc", "main")
    _, subnet = convert(vpc, resource("ec2/subnet:Subnet", "private", vpcId="main-id"))
    assert subnet["VpcId"] == {"Ref": "LayerMainVpc"}


def test_a_part_becomes_a_property_of_its_owner() -> None:
    role = resource("iam/role:Role", "api", name="api")
    policy = resource(
        "iam/rolePolicy:RolePolicy", "api", role="api", name="write", policy='{"Statement": []}'
    )
    (converted,) = convert(role, policy)
    assert converted["Policies"] == [{"PolicyName": "write", "PolicyDocument": {"Statement": []}}]


def test_whole_numbers_are_integers() -> None:
    (queue,) = convert(resource(QUEUE, "jobs", visibilityTimeoutSeconds=360.0))
    assert type(queue["VisibilityTimeout"]) is int


def test_tags_are_pairs_or_a_map_as_the_type_has_them() -> None:
    queue, pipe = convert(
        resource(QUEUE, "jobs", tags={"owner": "edge"}),
        resource("pipes/pipe:Pipe", "p", tags={"owner": "edge"}),
    )
    assert queue["Tags"] == [{"Key": "owner", "Value": "edge"}]
    assert pipe["Tags"] == {"owner": "edge"}


def test_a_single_value_is_a_list_where_the_type_has_a_list() -> None:
    (api,) = convert(resource("apigateway/restApi:RestApi", "a", endpointConfiguration={"types": "REGIONAL"}))
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


@pytest.mark.parametrize(
    ("method_path", "resource_path", "method"),
    [("*/*", "/*", "*"), ("labels/POST", "/~1labels", "POST"), ("a/b/GET", "/~1a~1b", "GET")],
)
def test_method_settings_name_path_and_method(method_path: str, resource_path: str, method: str) -> None:
    stage = resource("apigateway/stage:Stage", "v1", restApi="api", stageName="v1")
    settings = resource(
        "apigateway/methodSettings:MethodSettings",
        "all",
        restApi="api",
        stageName="v1",
        methodPath=method_path,
        settings={"loggingLevel": "OFF"},
    )
    (converted,) = convert(stage, settings)
    assert converted["MethodSettings"] == [
        {"ResourcePath": resource_path, "HttpMethod": method, "LoggingLevel": "OFF"}
    ]


def test_every_type_and_owner_is_known_to_aws() -> None:
    for conversion in CONVERSIONS.values():
        if isinstance(conversion, Resource):
            assert Schema.from_type(conversion.type).properties
        elif isinstance(conversion, Part):
            owner = CONVERSIONS[conversion.owner]
            assert isinstance(owner, Resource)
            assert conversion.property in Schema.from_type(owner.type).properties


def test_every_omission_has_a_reason() -> None:
    reasons = [*NO_COUNTERPART.values()]
    for conversion in CONVERSIONS.values():
        reasons += conversion.omitted.values() if isinstance(conversion, Resource) else ()
    assert all(reasons)
