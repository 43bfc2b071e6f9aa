"""VPC, subnets, route tables, endpoints and security groups."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi_aws as aws

from tests.engine.plugin.programs.documents import policy_json
from tests.engine.plugin.programs.variant import Client, Group, Variant


def _declare_resources(variant: Variant, _: Path) -> None:
    changed = variant is Variant.CHANGED
    vpc = aws.ec2.Vpc(
        "vpc",
        cidr_block="10.20.0.0/16",
        enable_dns_support=True,
        enable_dns_hostnames=not changed,
        tags={"Name": "plugin-test"},
    )
    zones = aws.get_availability_zones(state="available").names
    subnets = [
        aws.ec2.Subnet(
            f"subnet-{index}",
            vpc_id=vpc.id,
            cidr_block=f"10.20.{9 if changed and index else index}.0/24",
            availability_zone=zones[index],
            map_public_ip_on_launch=False,
            tags={"Name": f"{'changed' if changed and not index else 'private'}-{index}"},
        )
        for index in (0, 1)
    ]
    table = aws.ec2.RouteTable("table", vpc_id=vpc.id, tags={"Name": "changed" if changed else "private"})
    aws.ec2.RouteTableAssociation("association", subnet_id=subnets[0].id, route_table_id=table.id)
    group = aws.ec2.SecurityGroup(
        "group",
        name="plugin-test",
        description="Of functions",
        vpc_id=vpc.id,
        tags={} if changed else {"Name": "functions"},
    )
    endpoints = aws.ec2.SecurityGroup("endpoints", name="plugin-test-endpoints", vpc_id=vpc.id)
    aws.ec2.DefaultSecurityGroup(
        "default-of-vpc",
        vpc_id=vpc.id,
        ingress=[],
        egress=[],
        tags={"Name": "changed" if changed else "none"},
    )
    use = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["dynamodb:PutItem"], "Resource": ["*"]}
    more = {**use, "Action": ["dynamodb:GetItem", "dynamodb:PutItem"]}
    gateway = aws.ec2.VpcEndpoint(
        "gateway",
        vpc_id=vpc.id,
        service_name="com.amazonaws.us-east-1.dynamodb",
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id],
        policy=policy_json(more if changed else use, variant=variant),
        tags={"Name": "dynamodb"},
    )
    order = reversed if variant is Variant.EQUIVALENT else list
    aws.ec2.VpcEndpoint(
        "interface",
        vpc_id=vpc.id,
        service_name="com.amazonaws.us-east-1.sqs",
        vpc_endpoint_type="Interface",
        subnet_ids=[subnets[0].id] if changed else list(order([subnet.id for subnet in subnets])),
        security_group_ids=[endpoints.id],
        private_dns_enabled=True,
    )
    aws.vpc.SecurityGroupIngressRule(
        "in",
        security_group_id=endpoints.id,
        referenced_security_group_id=group.id,
        ip_protocol="tcp",
        from_port=443,
        to_port=8443 if changed else 443,
        description="From functions",
        tags={"Name": "in"},
    )
    aws.vpc.SecurityGroupEgressRule(
        "out",
        security_group_id=group.id,
        prefix_list_id=gateway.prefix_list_id,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        description="To tables" if changed else "To DynamoDB",
    )
    aws.vpc.SecurityGroupEgressRule(
        "moved",
        security_group_id=endpoints.id if changed else group.id,
        referenced_security_group_id=endpoints.id,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
    )


def _list_resources(client: Client) -> set[str]:
    ec2 = client("ec2")
    return {
        *(entry["VpcId"] for entry in ec2.describe_vpcs()["Vpcs"]),
        *(entry["SubnetId"] for entry in ec2.describe_subnets()["Subnets"]),
        *(entry["RouteTableId"] for entry in ec2.describe_route_tables()["RouteTables"]),
        *(entry["GroupId"] for entry in ec2.describe_security_groups()["SecurityGroups"]),
        *(entry["VpcEndpointId"] for entry in ec2.describe_vpc_endpoints()["VpcEndpoints"]),
    }


def _read_settings(client: Client, outputs: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    ec2, vpc = client("ec2"), outputs("interface")["vpcId"]
    attribute = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    by_name = {group["GroupName"]: group for group in groups}
    rules = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [by_name["plugin-test-endpoints"]["GroupId"]]}]
    )["SecurityGroupRules"]
    endpoint = ec2.describe_vpc_endpoints(VpcEndpointIds=[_id_of(outputs, "interface")])["VpcEndpoints"][0]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    return {
        "host names": attribute["EnableDnsHostnames"]["Value"],
        "default group": by_name["default"]["IpPermissions"] + by_name["default"]["IpPermissionsEgress"],
        "ports": sorted((rule["IsEgress"], rule["FromPort"], rule["ToPort"]) for rule in rules),
        "endpoint subnets": len(endpoint["SubnetIds"]),
        "subnets": sorted(subnet["CidrBlock"] for subnet in subnets),
        "prefix list": outputs("gateway")["prefixListId"] == outputs("out")["prefixListId"],
    }


def _id_of(outputs: Callable[[str], dict[str, Any]], name: str) -> str:
    return str(outputs(name)["arn"]).rsplit("/", 1)[1]


GROUP = Group(
    program=_declare_resources,
    types=frozenset(
        {
            "aws:ec2/vpc:Vpc",
            "aws:ec2/subnet:Subnet",
            "aws:ec2/routeTable:RouteTable",
            "aws:ec2/routeTableAssociation:RouteTableAssociation",
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            "aws:ec2/securityGroup:SecurityGroup",
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        }
    ),
    changes={
        "vpc": "update",
        "subnet-0": "update",
        "subnet-1": "replace",
        "table": "update",
        "group": "update",
        "default-of-vpc": "update",
        "gateway": "update",
        "interface": "update",
        "in": "update",
        "out": "update",
        "moved": "replace",
    },
    list_resources=_list_resources,
    read_settings=_read_settings,
    expected_settings={
        "host names": False,
        "default group": [],
        "ports": [(False, 443, 8443), (True, 443, 443)],
        "endpoint subnets": 1,
        "subnets": ["10.20.0.0/24", "10.20.9.0/24"],
        "prefix list": True,
    },
)
