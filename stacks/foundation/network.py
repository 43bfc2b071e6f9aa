"""A VPC of private subnets over two zones. It has no way in or out: no internet gateway, no NAT."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from stacks.foundation.zones import find_zone_names

# Four blocks, of which two are used: room to grow without renumbering.
_SUBNET_BITS = 2


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """`zone_ids`: the availability zones of the subnets, or none to choose two."""

    cidr: str
    zone_ids: Sequence[str]


class Network(pulumi.ComponentResource):
    """VPC, subnets, and the security groups of functions and of the endpoints that they call.

    The groups have no rules here; endpoints.py opens the one way between them.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:Network", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc(
            "vpc",
            cidr_block=args.cidr,
            enable_dns_support=True,  # with hostnames: the endpoints' private names need both
            enable_dns_hostnames=True,
            tags={"Name": "fraud-pipeline"},
            opts=self._child,
        )
        # AWS makes this group; without rules, what is put into it by mistake can talk to nothing.
        aws.ec2.DefaultSecurityGroup("default", vpc_id=self.vpc.id, ingress=[], egress=[], opts=self._child)
        self.route_table = aws.ec2.RouteTable(
            "private", vpc_id=self.vpc.id, tags={"Name": "fraud-private"}, opts=self._child
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
            opts=self._child,
        )
        aws.ec2.RouteTableAssociation(
            f"private-{number}", subnet_id=subnet.id, route_table_id=self.route_table.id, opts=self._child
        )
        return subnet

    def _make_group(self, role: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            role,
            description=description,
            vpc_id=self.vpc.id,
            tags={"Name": f"fraud-{role}"},
            opts=self._child,
        )
