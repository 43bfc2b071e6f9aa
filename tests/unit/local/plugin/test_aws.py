"""The provider's endpoint and settings."""

import json

import pytest

from local.plugin.aws import configuration_problems, loopback_endpoint, parse_configuration
from local.plugin.errors import PluginError

LOOPBACK = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "http://localhost:1/", "http://[::1]:4566"])
def test_loopback_endpoint_is_accepted(url: str) -> None:
    assert loopback_endpoint({"AWS_ENDPOINT_URL": url}) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["https://sqs.us-east-1.amazonaws.com", "http://10.0.0.1:4566", "http://127.0.0.1.example.com", "4566"],
)
def test_endpoint_that_is_not_loopback_is_rejected(url: str) -> None:
    with pytest.raises(PluginError, match="AWS_ENDPOINT_URL"):
        loopback_endpoint({"AWS_ENDPOINT_URL": url})


def test_error_of_a_missing_endpoint_names_the_command() -> None:
    with pytest.raises(PluginError, match=r"invoke local\.up"):
        loopback_endpoint({})


def test_unsupported_setting_is_rejected() -> None:
    problems = dict(configuration_problems({"region": "us-east-1", "profile": "mine", "version": "7.51.1"}))
    assert list(problems) == ["profile"]
    assert "aws:region" in problems["profile"]


def test_default_tags_without_the_key_tags_are_rejected() -> None:
    assert dict(configuration_problems({"defaultTags": json.dumps({"tag": {}})})).keys() == {"defaultTags"}
    assert not dict(configuration_problems({"defaultTags": json.dumps({"tags": {"a": "b"}})}))


def test_configuration_has_region_and_default_tags() -> None:
    aws = parse_configuration({"region": "eu-west-1", "defaultTags": '{"tags": {"a": "b"}}'}, LOOPBACK)
    assert (aws.region, aws.default_tags) == ("eu-west-1", {"a": "b"})


def test_region_is_read_from_the_environment() -> None:
    assert parse_configuration({}, {**LOOPBACK, "AWS_REGION": "eu-west-2"}).region == "eu-west-2"


def test_error_of_a_missing_region_names_the_command() -> None:
    with pytest.raises(PluginError, match="pulumi config set aws:region"):
        parse_configuration({}, LOOPBACK)
