"""A VPC with private subnets in two zones, without an internet gateway or NAT."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from stacks.foundation.zones import find_zone_names

# Four blocks, of which two are in use, so that the network can grow without renumbering.
_SUBNET_BITS = 2


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
