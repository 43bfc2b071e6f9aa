"""The choice of availability zones by ID."""

from collections.abc import Mapping
from typing import Any

import pytest

from stacks.foundation import network
from stacks.foundation.network import ZoneError, find_zone_names
from tests.stacks import mocked_aws
from tests.stacks.recording import record_program

ENDPOINTS = "aws:ec2/getVpcEndpointService:getVpcEndpointService"


def choose_zones(*zone_ids: str) -> list[str]:
    """The names of the zones that a program chooses in the mocked account."""
    names: list[str] = []
    record_program(lambda: names.extend(find_zone_names(zone_ids)))
    return names


def test_zone_ids_are_resolved_to_the_names_of_the_account() -> None:
    assert choose_zones("use1-az1", "use1-az2") == ["us-east-1d", "us-east-1b"]


def test_first_zones_by_number_with_lambda_are_chosen_by_default() -> None:
    # The first name is use1-az3, which has no Lambda. az10 follows az2.
    assert choose_zones() == ["us-east-1d", "us-east-1b"]


def test_zone_without_an_endpoint_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    data_sources: Mapping[str, Any] = {
        **mocked_aws.DATA_SOURCES,
        ENDPOINTS: {"availabilityZones": ["us-east-1a", "us-east-1b", "us-east-1c"]},
    }
    monkeypatch.setattr(mocked_aws, "DATA_SOURCES", data_sources)
    assert choose_zones() == ["us-east-1b", "us-east-1c"]


@pytest.mark.parametrize("zone_id", ["use1-az9", "usw2-az1"])
def test_zone_that_the_account_lacks_is_reported(zone_id: str) -> None:
    with pytest.raises(ZoneError, match=zone_id):
        choose_zones("use1-az1", zone_id)


def test_too_few_suitable_zones_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    data_sources = {**mocked_aws.DATA_SOURCES, ENDPOINTS: {"availabilityZones": ["us-east-1a", "us-east-1b"]}}
    monkeypatch.setattr(mocked_aws, "DATA_SOURCES", data_sources)
    with pytest.raises(ZoneError, match=str(network.ZONE_COUNT)):
        choose_zones()
