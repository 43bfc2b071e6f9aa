"""The provider's responses that need no AWS."""

import asyncio
from typing import Any

import pytest
from pulumi.provider.experimental import provider as sdk

from local.plugin.aws import Aws
from local.plugin.errors import PluginError
from local.plugin.provider import RESOURCES, LocalAwsProvider, own_type
from local.plugin.services.data_sources import invoke_data_source
from local.plugin.values import UNKNOWN, to_property_map

ENVIRONMENT = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}


@pytest.fixture
def provider() -> LocalAwsProvider:
    provider = LocalAwsProvider(ENVIRONMENT)
    region = to_property_map({"region": "us-east-1"})
    request = sdk.ConfigureRequest({}, region, accept_secrets=True, accept_resources=True)
    asyncio.run(provider.configure(request))
    return provider


def check(provider: LocalAwsProvider, kind: str, inputs: dict[str, Any]) -> sdk.CheckResponse:
    request = sdk.CheckRequest(f"urn:pulumi:s::p::{kind}::name", {}, to_property_map(inputs), b"\x01" * 8)
    return asyncio.run(provider.check(request))


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_every_type_rejects_an_unsupported_property(provider: LocalAwsProvider, kind: str) -> None:
    failures = check(provider, kind, {"surprise": "x"}).failures or []
    reason = next(failure.reason for failure in failures if failure.property == "surprise")
    assert kind in reason
    assert "surprise" in reason


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_every_type_accepts_unknown_values_of_a_preview(provider: LocalAwsProvider, kind: str) -> None:
    assert not check(provider, kind, dict.fromkeys(RESOURCES[kind].properties, UNKNOWN)).failures


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_identity_of_every_type_consists_of_inputs(kind: str) -> None:
    assert set(RESOURCES[kind].identity) <= RESOURCES[kind].properties.keys()


def test_error_of_an_unsupported_type_names_the_type(provider: LocalAwsProvider) -> None:
    with pytest.raises(PluginError, match="aws:s3/bucket:Bucket"):
        check(provider, "aws:s3/bucket:Bucket", {})


def test_type_of_a_resource_does_not_include_its_components() -> None:
    assert own_type("urn:pulumi:s::p::fraud:data:Store$aws:sqs/queue:Queue::q") == "aws:sqs/queue:Queue"
    assert own_type("urn:pulumi:s::p::aws:sqs/queue:Queue::q::r") == "aws:sqs/queue:Queue"


def test_endpoint_is_rejected_by_the_check_of_the_configuration() -> None:
    provider = LocalAwsProvider({"AWS_ENDPOINT_URL": "https://amazonaws.com"})
    with pytest.raises(PluginError, match="AWS_ENDPOINT_URL"):
        asyncio.run(provider.check_config(sdk.CheckRequest("urn", {}, {}, b"")))


def test_preview_of_a_creation_makes_no_calls(provider: LocalAwsProvider) -> None:
    request = sdk.CreateRequest(
        "urn:pulumi:s::p::aws:sqs/queue:Queue::q", to_property_map({"name": "q"}), timeout=0, preview=True
    )
    response = asyncio.run(provider.create(request))
    assert response.resource_id is None
    assert "arn" not in response.properties


def test_change_of_the_endpoint_type_is_rejected() -> None:
    api = RESOURCES["aws:apigateway/restApi:RestApi"](Aws("http://127.0.0.1:1", "us-east-1"))
    new = {"name": "transactions", "endpointConfiguration": {"types": "EDGE"}, "tags": {}}
    with pytest.raises(PluginError, match="transactions"):
        api.update("id", {"tags": {}}, new, {"endpointConfiguration"})


def test_error_of_an_unsupported_data_source_or_argument_names_it() -> None:
    aws = Aws("http://127.0.0.1:1", "us-east-1")
    with pytest.raises(PluginError, match="getAmi"):
        invoke_data_source(aws, "aws:ec2/getAmi:getAmi", {})
    with pytest.raises(PluginError, match="allAvailabilityZones"):
        invoke_data_source(
            aws, "aws:index/getAvailabilityZones:getAvailabilityZones", {"allAvailabilityZones": True}
        )
