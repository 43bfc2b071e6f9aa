"""What the provider takes as its configuration, and where it refuses to work."""

import json

import pytest

from local.plugin.aws import loopback_endpoint
from local.plugin.configuration import configuration_problems, parse_configuration
from local.plugin.errors import PluginError

HERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "http://localhost:1/", "http://[::1]:4566"])
def test_loopback_endpoint_is_taken(url: str) -> None:
    assert loopback_endpoint({"AWS_ENDPOINT_URL": url}) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["https://sqs.us-east-1.amazonaws.com", "http://10.0.0.1:4566", "http://127.0.0.1.example.com", "4566"],
)
def test_endpoint_that_is_not_loopback_is_refused(url: str) -> None:
    with pytest.raises(PluginError, match="loopback"):
        loopback_endpoint({"AWS_ENDPOINT_URL": url})


def test_missing_endpoint_says_what_to_do() -> None:
    with pytest.raises(PluginError, match=r"invoke local\.up"):
        loopback_endpoint({})


def test_setting_that_would_not_be_applied_is_refused() -> None:
    found = dict(configuration_problems({"region": "us-east-1", "profile": "mine", "version": "7.51.1"}))
    assert list(found) == ["profile"]
    assert "aws:region" in found["profile"]


def test_default_tags_other_than_tags_are_refused() -> None:
    assert dict(configuration_problems({"defaultTags": json.dumps({"tag": {}})})).keys() == {"defaultTags"}
    assert not dict(configuration_problems({"defaultTags": json.dumps({"tags": {"a": "b"}})}))


def test_configuration_gives_region_and_default_tags() -> None:
    aws = parse_configuration({"region": "eu-west-1", "defaultTags": '{"tags": {"a": "b"}}'}, HERE)
    assert (aws.region, aws.default_tags) == ("eu-west-1", {"a": "b"})


def test_region_comes_from_the_environment_or_is_asked_for() -> None:
    assert parse_configuration({}, {**HERE, "AWS_REGION": "eu-west-2"}).region == "eu-west-2"
    with pytest.raises(PluginError, match="pulumi config set aws:region"):
        parse_configuration({}, HERE)
