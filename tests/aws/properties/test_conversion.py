"""The conversion to CloudFormation."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.aws.properties.conversions import CONVERSIONS, NO_COUNTERPART, Part, Resource
from tests.aws.properties.errors import ConversionError
from tests.aws.properties.schemas import PropertySchema
from tests.aws.properties.template import make_template
from tests.stacks.recording import RecordedProgram, RecordedResource

QUEUE = "sqs/queue:Queue"


def make_resource(type_: str, name: str, /, **inputs: Any) -> RecordedResource:
    return RecordedResource(
        f"aws:{type_}", name, inputs, protect=False, retain=False, parent="", dependencies=()
    )


def convert_resources(*resources: RecordedResource) -> list[Mapping[str, Any]]:
    """The properties of the converted resources, in order."""
    template = make_template([RecordedProgram("layer", list(resources))])
    return [converted["Properties"] for converted in template["Resources"].values()]


def test_type_without_a_conversion_fails() -> None:
    with pytest.raises(ConversionError, match=r"s3/bucket:Bucket.*conversions\.py"):
        convert_resources(make_resource("s3/bucket:Bucket", "mail"))


def test_property_without_a_conversion_fails() -> None:
    with pytest.raises(ConversionError, match=r"'delay'.*conversions\.py"):
        convert_resources(make_resource(QUEUE, "jobs", delay=3.0))


def test_nested_property_without_a_conversion_fails() -> None:
    with pytest.raises(ConversionError, match="'level'"):
        convert_resources(make_resource("lambda/function:Function", "api", loggingConfig={"level": "INFO"}))


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("budgets/budget:Budget", {"notifications": [], "tags": {}, "timePeriodStart": "2026-01-01"}),
        ("lambda/function:Function", {"publish": True}),
        ("dynamodb/table:Table", {"attributes": [], "replicas": []}),
        ("cloudwatch/metricAlarm:MetricAlarm", {"metricQueries": [{"id": "a", "unit": "Count"}]}),
    ],
)
def test_property_unknown_to_a_shape_fails(type_: str, inputs: dict[str, Any]) -> None:
    names = dict.fromkeys(("name", "budgetType", "timeUnit", "limitUnit"), "x") if "budget" in type_ else {}
    limits = {"limitAmount": "1"} if "budget" in type_ else {}
    with pytest.raises(ConversionError):
        convert_resources(make_resource(type_, "r", **names, **limits, **inputs))


def test_two_inputs_for_one_property_fail() -> None:
    with pytest.raises(ConversionError, match="QueueName"):
        convert_resources(make_resource(QUEUE, "jobs", name="jobs", queueName="tasks"))


def test_id_of_another_resource_without_a_reference_fails() -> None:
    vpc = make_resource("ec2/vpc:Vpc", "main")
    with pytest.raises(ConversionError, match="REFERENCES"):
        convert_resources(vpc, make_resource("sns/topic:Topic", "alerts", displayName="main-id"))


def test_part_without_its_owner_fails() -> None:
    with pytest.raises(ConversionError, match="eventRule"):
        convert_resources(
            make_resource("cloudwatch/eventTarget:EventTarget", "fraud", rule="gone", eventBusName="bus")
        )


def test_id_becomes_a_reference() -> None:
    vpc = make_resource("ec2/vpc:Vpc", "main")
    _, subnet = convert_resources(vpc, make_resource("ec2/subnet:Subnet", "private", vpcId="main-id"))
    assert subnet["VpcId"] == {"Ref": "LayerMainVpc"}


def test_part_becomes_a_property_of_its_owner() -> None:
    role = make_resource("iam/role:Role", "api", name="api")
    policy = make_resource(
        "iam/rolePolicy:RolePolicy", "api", role="api", name="write", policy='{"Statement": []}'
    )
    (converted,) = convert_resources(role, policy)
    assert converted["Policies"] == [{"PolicyName": "write", "PolicyDocument": {"Statement": []}}]


def test_whole_numbers_are_integers() -> None:
    (queue,) = convert_resources(make_resource(QUEUE, "jobs", visibilityTimeoutSeconds=360.0))
    assert type(queue["VisibilityTimeout"]) is int


def test_tags_are_pairs_or_a_map_depending_on_the_type() -> None:
    queue, pipe = convert_resources(
        make_resource(QUEUE, "jobs", tags={"owner": "edge"}),
        make_resource("pipes/pipe:Pipe", "p", tags={"owner": "edge"}),
    )
    assert queue["Tags"] == [{"Key": "owner", "Value": "edge"}]
    assert pipe["Tags"] == {"owner": "edge"}


def test_single_value_becomes_a_list_if_the_type_has_a_list() -> None:
    (api,) = convert_resources(
        make_resource("apigateway/restApi:RestApi", "a", endpointConfiguration={"types": "REGIONAL"})
    )
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


@pytest.mark.parametrize(
    ("method_path", "resource_path", "method"),
    [("*/*", "/*", "*"), ("labels/POST", "/~1labels", "POST"), ("~1a~1b/GET", "/~1a~1b", "GET")],
)
def test_method_path_is_split_into_resource_path_and_method(
    method_path: str, resource_path: str, method: str
) -> None:
    stage = make_resource("apigateway/stage:Stage", "v1", restApi="api", stageName="v1")
    settings = make_resource(
        "apigateway/methodSettings:MethodSettings",
        "all",
        restApi="api",
        stageName="v1",
        methodPath=method_path,
        settings={"loggingLevel": "OFF"},
    )
    (converted,) = convert_resources(stage, settings)
    assert converted["MethodSettings"] == [
        {"ResourcePath": resource_path, "HttpMethod": method, "LoggingLevel": "OFF"}
    ]


def test_every_type_and_owner_has_a_schema() -> None:
    for conversion in CONVERSIONS.values():
        if isinstance(conversion, Resource):
            assert PropertySchema.from_type(conversion.type).properties
        elif isinstance(conversion, Part):
            owner = CONVERSIONS[conversion.owner]
            assert isinstance(owner, Resource)
            assert conversion.property in PropertySchema.from_type(owner.type).properties


def test_every_omission_has_a_reason() -> None:
    reasons = list(NO_COUNTERPART.values())
    for conversion in CONVERSIONS.values():
        reasons += conversion.omitted.values() if isinstance(conversion, Resource) else ()
    assert all(reasons)
