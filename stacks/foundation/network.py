"""A VPC with private subnets in two zones, without an internet gateway or NAT.

The zones are chosen by ID, because names differ between accounts:
https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

# Four blocks, of which two are in use, so that the network can grow without renumbering.
_SUBNET_BITS = 2
ZONE_COUNT = 2
# AWS has no API that lists the zones where Lambda runs functions in a VPC. Zones without Lambda usually lack
# the endpoint of Lambda; this zone is a known exception.
ZONES_WITHOUT_LAMBDA = frozenset({"use1-az3"})
# The interface endpoints of the functions, and Lambda itself.
ENDPOINT_SERVICES = ("sqs", "sns", "lambda")


class ZoneError(Exception):
    """The zones are not usable. The message names the setting and how to choose zones."""


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`zone_ids`: the availability zones of the subnets; empty to choose two."""

    cidr: str
    zone_ids: Sequence[str]


class Network(pulumi.ComponentResource):
    """VPC, subnets, and the security groups of functions and endpoints.

    endpoints.py adds the rules for traffic between the two groups.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:Network", name, None, opts)
        self._child_options = pulumi.ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(
            "vpc",
            cidr_block=args.cidr,
            enable_dns_support=True,  # private DNS names of endpoints need both settings
            enable_dns_hostnames=True,
            tags={"Name": "fraud-pipeline"},
            opts=self._child_options,
        )
        # AWS creates this group. Without rules, a resource in it by mistake has no connectivity.
        aws.ec2.DefaultSecurityGroup(
            "default", vpc_id=self.vpc.id, ingress=[], egress=[], opts=self._child_options
        )
        self.route_table = aws.ec2.RouteTable(
            "private", vpc_id=self.vpc.id, tags={"Name": "fraud-private"}, opts=self._child_options
        )
        self.subnet_ids = [subnet.id for subnet in self._make_subnets(args)]
        self.function_security_group = self._make_group("functions", "Functions of the fraud pipeline")
        self.endpoint_security_group = self._make_group("endpoints", "Endpoints that functions call")
        self.register_outputs({})

    def _make_subnets(self, args: NetworkArgs) -> list[aws.ec2.Subnet]:
        zones = find_zone_names(args.zone_ids)
        blocks = ipaddress.IPv4Network(args.cidr).subnets(prefixlen_diff=_SUBNET_BITS)
        return [
            self._make_subnet(number, zone, str(next(blocks))) for number, zone in enumerate(zones, start=1)
        ]

    def _make_subnet(self, number: int, zone: str, block: str) -> aws.ec2.Subnet:
        subnet = aws.ec2.Subnet(
            f"private-{number}",
            vpc_id=self.vpc.id,
            availability_zone=zone,
            cidr_block=block,
            map_public_ip_on_launch=False,
            tags={"Name": f"fraud-private-{number}"},
            opts=self._child_options,
        )
        aws.ec2.RouteTableAssociation(
            f"private-{number}",
            subnet_id=subnet.id,
            route_table_id=self.route_table.id,
            opts=self._child_options,
        )
        return subnet

    def _make_group(self, role: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            role,
            description=description,
            vpc_id=self.vpc.id,
            tags={"Name": f"fraud-{role}"},
            opts=self._child_options,
        )


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
