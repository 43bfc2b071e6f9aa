"""The provider's answers that need no AWS."""

import asyncio
from typing import Any

import pytest
from pulumi.provider.experimental import provider as sdk

from local.plugin.aws import Aws
from local.plugin.errors import PluginError
from local.plugin.invokes import invoke
from local.plugin.provider import LocalAwsProvider, own_type
from local.plugin.registry import RESOURCES
from local.plugin.values import UNKNOWN, to_property_map

ENVIRONMENT = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}


@pytest.fixture
def provider() -> LocalAwsProvider:
    made = LocalAwsProvider(ENVIRONMENT)
    region = to_property_map({"region": "us-east-1"})
    asyncio.run(made.configure(sdk.ConfigureRequest({}, region, accept_secrets=True, accept_resources=True)))
    return made


def check(provider: LocalAwsProvider, kind: str, inputs: dict[str, Any]) -> sdk.CheckResponse:
    request = sdk.CheckRequest(f"urn:pulumi:s::p::{kind}::name", {}, to_property_map(inputs), b"\x01" * 8)
    return asyncio.run(provider.check(request))


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_every_type_refuses_a_property_it_does_not_apply(provider: LocalAwsProvider, kind: str) -> None:
    failures = check(provider, kind, {"surprise": "x"}).failures or []
    reason = next(failure.reason for failure in failures if failure.property == "surprise")
    assert kind in reason
    assert "surprise" in reason


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_every_type_takes_values_that_a_preview_cannot_know(provider: LocalAwsProvider, kind: str) -> None:
    assert not check(provider, kind, dict.fromkeys(RESOURCES[kind].properties, UNKNOWN)).failures


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_identity_of_every_type_is_made_of_its_inputs(kind: str) -> None:
    assert set(RESOURCES[kind].identity) <= RESOURCES[kind].properties.keys()


def test_type_that_is_not_known_is_named(provider: LocalAwsProvider) -> None:
    with pytest.raises(PluginError, match="aws:s3/bucket:Bucket is not supported"):
        check(provider, "aws:s3/bucket:Bucket", {})


def test_resource_in_a_component_is_known_by_its_own_type() -> None:
    assert own_type("urn:pulumi:s::p::fraud:data:Store$aws:sqs/queue:Queue::q") == "aws:sqs/queue:Queue"
    assert own_type("urn:pulumi:s::p::aws:sqs/queue:Queue::q::r") == "aws:sqs/queue:Queue"


def test_endpoint_is_refused_before_anything_is_planned() -> None:
    provider = LocalAwsProvider({"AWS_ENDPOINT_URL": "https://amazonaws.com"})
    with pytest.raises(PluginError, match="loopback"):
        asyncio.run(provider.check_config(sdk.CheckRequest("urn", {}, {}, b"")))


def test_preview_of_a_creation_calls_nothing(provider: LocalAwsProvider) -> None:
    request = sdk.CreateRequest(
        "urn:pulumi:s::p::aws:sqs/queue:Queue::q", to_property_map({"name": "q"}), timeout=0, preview=True
    )
    answer = asyncio.run(provider.create(request))
    assert answer.resource_id is None
    assert "arn" not in answer.properties


def test_change_that_the_emulator_would_garble_is_refused() -> None:
    api = RESOURCES["aws:apigateway/restApi:RestApi"](Aws("http://127.0.0.1:1", "us-east-1"))
    new = {"name": "transactions", "endpointConfiguration": {"types": "EDGE"}, "tags": {}}
    with pytest.raises(PluginError, match="cannot make transactions EDGE"):
        api.update("id", {"tags": {}}, new, {"endpointConfiguration"})


def test_data_source_that_is_not_known_is_named() -> None:
    aws = Aws("http://127.0.0.1:1", "us-east-1")
    with pytest.raises(PluginError, match="getAmi is not supported"):
        invoke(aws, "aws:ec2/getAmi:getAmi", {})
    with pytest.raises(PluginError, match="allAvailabilityZones is not supported"):
        invoke(aws, "aws:index/getAvailabilityZones:getAvailabilityZones", {"allAvailabilityZones": True})
