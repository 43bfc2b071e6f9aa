"""The availability zones of the private subnets: by id, because names differ from account to account.

https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html
"""

import re
from collections.abc import Sequence

import pulumi_aws as aws

ZONES = 2
# AWS has no call that lists the zones in which Lambda runs functions of a VPC. A zone without the endpoint of
# Lambda has none; this one is known to have the endpoint's siblings and no Lambda.
WITHOUT_LAMBDA = frozenset({"use1-az3"})
# Interface endpoints of the functions, and Lambda itself.
SERVICES = ("sqs", "sns", "lambda")


class ZoneError(Exception):
    """The zones cannot be used. The message names the setting and the command that lists the zones."""


def find_zone_names(zone_ids: Sequence[str]) -> list[str]:
    """This account's names of the zones with these ids; without ids, of the first two that fit.

    Raises ZoneError.
    """
    zones = aws.get_availability_zones(
        state="available", filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
    )
    names = dict(zip(zones.zone_ids, zones.names, strict=True))
    wanted = zone_ids or _choose(names)
    if missing := [zone for zone in wanted if zone not in names]:
        raise ZoneError(
            f"availabilityZoneIds: {', '.join(missing)} is not available in this region and account; list the"
            " ids with: aws ec2 describe-availability-zones --query 'AvailabilityZones[].ZoneId'"
        )
    return [names[zone] for zone in wanted]


def _choose(names: dict[str, str]) -> list[str]:
    """The ids of the first zones that have Lambda and the endpoints, in the order of their numbers."""
    offered = [
        set(aws.ec2.get_vpc_endpoint_service(service=service, service_type="Interface").availability_zones)
        for service in SERVICES
    ]
    fitting = [
        zone
        for zone, name in names.items()
        if zone not in WITHOUT_LAMBDA and all(name in zones for zones in offered)
    ]
    if len(fitting) < ZONES:
        raise ZoneError(
            f"availabilityZoneIds: {len(fitting)} zones of this region offer Lambda and the endpoints of"
            f" {', '.join(SERVICES)}; {ZONES} are needed"
        )
    return sorted(fitting, key=_number)[:ZONES]


def _number(zone_id: str) -> tuple[int, str]:
    # az10 comes after az2: a zone that AWS adds later must not move the choice.
    match = re.search(r"az(\d+)\Z", zone_id)
    return (int(match[1]) if match else 0, zone_id)
