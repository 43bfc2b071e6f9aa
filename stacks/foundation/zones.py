"""The availability zones of the private subnets, by ID because names differ between accounts.

https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html
"""

import re
from collections.abc import Sequence

import pulumi_aws as aws

ZONE_COUNT = 2
# AWS has no API that lists the zones where Lambda runs functions in a VPC. Zones without Lambda usually lack
# the endpoint of Lambda; this zone is a known exception.
ZONES_WITHOUT_LAMBDA = frozenset({"use1-az3"})
# The interface endpoints of the functions, and Lambda itself.
ENDPOINT_SERVICES = ("sqs", "sns", "lambda")


class ZoneError(Exception):
    """The zones are not usable. The message names the setting and how to choose zones."""


def find_zone_names(zone_ids: Sequence[str]) -> list[str]:
    """This account's names of the zones with these IDs or, without IDs, of the first two suitable zones.

    Raises ZoneError.
    """
    zones = aws.get_availability_zones(
        state="available", filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
    )
    names = dict(zip(zones.zone_ids, zones.names, strict=True))
    chosen = zone_ids or _choose_zones(names)
    if missing := [zone for zone in chosen if zone not in names]:
        raise ZoneError(
            f"availabilityZoneIds: {', '.join(missing)} is not available in this region and account. List the"
            " IDs with: aws ec2 describe-availability-zones --query 'AvailabilityZones[].ZoneId'"
        )
    return [names[zone] for zone in chosen]


def _choose_zones(names: dict[str, str]) -> list[str]:
    """The IDs of the first zones, by number, that offer Lambda and the endpoints."""
    endpoint_zones = [
        set(aws.ec2.get_vpc_endpoint_service(service=service, service_type="Interface").availability_zones)
        for service in ENDPOINT_SERVICES
    ]
    suitable = [
        zone
        for zone, name in names.items()
        if zone not in ZONES_WITHOUT_LAMBDA and all(name in zones for zones in endpoint_zones)
    ]
    if len(suitable) < ZONE_COUNT:
        raise ZoneError(
            f"availabilityZoneIds: {len(suitable)} zones of this region offer the endpoints of"
            f" {', '.join(ENDPOINT_SERVICES)}, but {ZONE_COUNT} are needed. Use another region"
        )
    return sorted(suitable, key=_sort_key)[:ZONE_COUNT]


def _sort_key(zone_id: str) -> tuple[int, str]:
    # Numeric order, so that az10 follows az2 and a zone that AWS adds does not change the choice.
    match = re.search(r"az(\d+)\Z", zone_id)
    return (int(match[1]) if match else 0, zone_id)
