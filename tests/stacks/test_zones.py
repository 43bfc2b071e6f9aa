"""Zones are chosen by id, where Lambda and the endpoints are offered."""

from collections.abc import Mapping
from typing import Any

import pytest

from stacks.foundation import zones
from stacks.foundation.zones import ZoneError, find_zone_names
from tests.stacks import mocked_aws
from tests.stacks.recording import record

ENDPOINTS = "aws:ec2/getVpcEndpointService:getVpcEndpointService"


def choose(*zone_ids: str) -> list[str]:
    """The names that a program finds in the mocked account."""
    found: list[str] = []
    record(lambda: found.extend(find_zone_names(zone_ids)))
    return found


def test_ids_are_found_by_this_accounts_names() -> None:
    assert choose("use1-az1", "use1-az2") == ["us-east-1d", "us-east-1b"]


def test_without_ids_the_first_zones_by_number_that_have_lambda_are_chosen() -> None:
    # The first name is use1-az3, which has no Lambda; az10 is a newer zone than az2.
    assert choose() == ["us-east-1d", "us-east-1b"]


def test_a_zone_without_an_endpoint_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Mapping[str, Any] = {
        **mocked_aws.ANSWERS,
        ENDPOINTS: {"availabilityZones": ["us-east-1a", "us-east-1b", "us-east-1c"]},
    }
    monkeypatch.setattr(mocked_aws, "ANSWERS", answers)
    assert choose() == ["us-east-1b", "us-east-1c"]


@pytest.mark.parametrize("zone_id", ["use1-az9", "usw2-az1"])
def test_a_zone_that_the_account_lacks_is_named(zone_id: str) -> None:
    with pytest.raises(ZoneError, match=zone_id):
        choose("use1-az1", zone_id)


def test_too_few_zones_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {**mocked_aws.ANSWERS, ENDPOINTS: {"availabilityZones": ["us-east-1a", "us-east-1b"]}}
    monkeypatch.setattr(mocked_aws, "ANSWERS", answers)
    with pytest.raises(ZoneError, match=str(zones.ZONES)):
        choose()
