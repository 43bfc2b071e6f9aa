import pytest

from orchestration.pulumi.urn import describe_resource, parse_name, parse_type

QUEUE = "urn:pulumi:prod::fraud-data::fraud:data:Queues$aws:sqs/queue:Queue::suspicious"
STACK = "urn:pulumi:prod::fraud-data::pulumi:pulumi:Stack::fraud-data-prod"


def test_type_of_a_resource_in_a_component_is_its_own() -> None:
    assert parse_type(QUEUE) == "aws:sqs/queue:Queue"


def test_name_may_contain_the_separator() -> None:
    assert parse_name(QUEUE) == "suspicious"
    assert parse_name("urn:pulumi:prod::fraud-data::aws:sqs/queue:Queue::a::b") == "a::b"


def test_resource_is_described_by_name_and_type() -> None:
    assert describe_resource(QUEUE) == "suspicious (aws:sqs/queue:Queue)"


@pytest.mark.parametrize("urn", [STACK, "", "no-urn", "::saw"])
def test_stack_and_malformed_urn_have_no_description(urn: str) -> None:
    assert describe_resource(urn) == ""
