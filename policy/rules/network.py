"""Rules for the VPC: private subnets, security groups and endpoints."""

from collections.abc import Mapping
from typing import Any

from policy.resource import Resource, Stack, as_list
from policy.rule import rule

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
NETWORK_ACL = "aws:ec2/networkAcl:NetworkAcl"
NETWORK_ACL_RULE = "aws:ec2/networkAclRule:NetworkAclRule"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
ELASTIC_IP = "aws:ec2/eip:Eip"
PEERING = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html"
GUIDE = "https://docs.aws.amazon.com/vpc/latest/userguide"
ENDPOINTS = "https://docs.aws.amazon.com/vpc/latest/privatelink"
EVERYWHERE = ("0.0.0.0/0", "::/0")
HTTPS, SSH, RDP, HTTP = 443, 22, 3389, 80
# The ports of EC2.19.
RISKY_PORTS = (
    20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601, 8080,
    8088, 8888, 9200, 9300,
)  # fmt: skip
_CIDRS = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")


@rule(
    "vpc-default-group-closed",
    DEFAULT_GROUP,
    title="The default security group allows no traffic",
    reason="A resource without a security group of its own gets this one.",
    remedy="Set ingress and egress to empty lists.",
    link=f"{SECURITY_HUB}#ec2-2",
    controls="EC2.2",
)
def allows_no_traffic(group: Resource) -> bool:
    return not group["ingress"] and not group["egress"]


@rule(
    "vpc-default-group-declared",
    VPC,
    title="The stack that makes a VPC owns its default security group",
    reason="AWS makes the group open for its members. Only a stack that owns it can close it.",
    remedy="Declare a DefaultSecurityGroup.",
    link=f"{SECURITY_HUB}#ec2-2",
    controls="EC2.2",
)
def owns_default_group(_: Resource, stack: Stack) -> bool:
    return bool(stack.of_type(DEFAULT_GROUP))


@rule(
    "vpc-subnet-private",
    SUBNET,
    title="A subnet gives no public addresses",
    reason="Functions that touch transactions run in private subnets.",
    remedy="Set mapPublicIpOnLaunch to false.",
    link=f"{SECURITY_HUB}#ec2-15",
    controls="C5 EC2.15",
)
def has_no_public_addresses(subnet: Resource) -> bool:
    return not subnet["mapPublicIpOnLaunch"] and not subnet["assignIpv6AddressOnCreation"]


@rule(
    "vpc-no-internet",
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    ELASTIC_IP,
    title="The VPC has no way to the internet",
    reason="Code in a function cannot send transactions away, whatever package it contains.",
    remedy="Use a VPC endpoint.",
    link=f"{GUIDE}/VPC_Internet_Gateway.html",
    controls="C5",
)
def is_no_gateway(_: Resource) -> bool:
    return False


@rule(
    "vpc-no-peering",
    PEERING,
    title="The VPC is connected to no other",
    reason="A connection gives another network a way to the functions.",
    remedy="Use the API or the topic.",
    link="https://docs.aws.amazon.com/vpc/latest/peering/what-is-vpc-peering.html",
    controls="C5",
)
def is_not_peered(_: Resource) -> bool:
    return False


@rule(
    "vpc-no-default-route",
    ROUTE,
    ROUTE_TABLE,
    title="No route leads to all addresses",
    reason="A default route makes a private subnet public.",
    remedy="Remove the route. Endpoints add their own.",
    link=f"{GUIDE}/VPC_Route_Tables.html",
    controls="C5",
)
def has_no_default_route(table: Resource) -> bool:
    destinations = [table["destinationCidrBlock"], table["destinationIpv6CidrBlock"]]
    for route in table.values("routes"):
        destinations += [route.get("cidrBlock"), route.get("ipv6CidrBlock")]
    return not any(destination in EVERYWHERE for destination in destinations)


@rule(
    "vpc-dns",
    VPC,
    title="A VPC resolves the names of endpoints",
    reason="Functions would otherwise call the public addresses of AWS, which they cannot reach.",
    remedy="Set enableDnsSupport and enableDnsHostnames to true.",
    link=f"{GUIDE}/AmazonDNS-concepts.html",
)
def resolves_names(vpc: Resource) -> bool:
    return vpc["enableDnsSupport"] is not False and vpc["enableDnsHostnames"] is True


@rule(
    "vpc-two-zones",
    SUBNET,
    title="Subnets are in at least two availability zones",
    reason="Functions continue to run when one zone fails.",
    remedy="Declare a subnet in another availability zone.",
    link=f"{GUIDE}/configure-subnets.html",
    controls="Lambda.5",
)
def has_other_zone(subnet: Resource, stack: Stack) -> bool:
    return len({other["availabilityZone"] for other in stack.of_type(SUBNET)}) > 1 and bool(
        subnet["availabilityZone"]
    )


def _ranges(group: Resource, direction: str) -> list[Mapping[str, Any]]:
    """The rules of a resource in one direction: those in a group, or the resource itself."""
    if group.type in (GROUP, DEFAULT_GROUP):
        return group.values(direction)
    is_ingress = group.type == INGRESS or (group.type == GROUP_RULE and group["type"] == "ingress")
    return [group.properties] if is_ingress == (direction == "ingress") else []


def _is_open(item: Mapping[str, Any]) -> bool:
    return any(value in EVERYWHERE for name in _CIDRS for value in as_list(item.get(name)))


def _covers(item: Mapping[str, Any], *ports: int) -> bool:
    protocol = str(item.get("ipProtocol", item.get("protocol")))
    first, last = item.get("fromPort"), item.get("toPort")
    if protocol in ("-1", "all") or first is None or last is None:
        return True
    return any(first <= port <= last for port in ports)


def _admits(group: Resource, *ports: int) -> bool:
    return any(_is_open(item) and _covers(item, *ports) for item in _ranges(group, "ingress"))


_GROUPS = (GROUP, GROUP_RULE, INGRESS)


@rule(
    "vpc-no-ssh",
    *_GROUPS,
    title="Port 22 is closed to the internet",
    reason="The port is for remote administration, and nothing here is administered so.",
    remedy="Remove the rule.",
    link=f"{SECURITY_HUB}#ec2-13",
    controls="EC2.13 CKV_AWS_24",
)
def closes_ssh(group: Resource) -> bool:
    return not _admits(group, SSH)


@rule(
    "vpc-no-rdp",
    *_GROUPS,
    title="Port 3389 is closed to the internet",
    reason="The port is for remote administration, and nothing here is administered so.",
    remedy="Remove the rule.",
    link=f"{SECURITY_HUB}#ec2-14",
    controls="EC2.14 CKV_AWS_25",
)
def closes_rdp(group: Resource) -> bool:
    return not _admits(group, RDP)


@rule(
    "vpc-no-http",
    *_GROUPS,
    title="Port 80 is closed to the internet",
    reason="Requests without TLS can be read on their way.",
    remedy="Remove the rule.",
    link=f"{GUIDE}/security-group-rules.html",
    controls="CKV_AWS_260",
)
def closes_http(group: Resource) -> bool:
    return not _admits(group, HTTP)


@rule(
    "vpc-no-risky-ports",
    *_GROUPS,
    title="Ports of databases and of administration are closed to the internet",
    reason="They are searched for and attacked all the time.",
    remedy="Remove the rule.",
    link=f"{SECURITY_HUB}#ec2-19",
    controls="EC2.19",
)
def closes_risky_ports(group: Resource) -> bool:
    return not _admits(group, *RISKY_PORTS)


@rule(
    "vpc-no-open-ingress",
    *_GROUPS,
    title="No security group admits every address",
    reason="Callers use API Gateway. Nothing in the VPC is called from outside.",
    remedy="Name a security group as the source.",
    link=f"{SECURITY_HUB}#ec2-18",
    controls="EC2.18 AwsSolutions-EC23 CKV_AWS_277",
)
def admits_named_sources(group: Resource) -> bool:
    return not any(_is_open(item) for item in _ranges(group, "ingress"))


@rule(
    "vpc-no-open-egress",
    *_GROUPS,
    EGRESS,
    title="No security group sends to every address",
    reason="Functions call the endpoints of the VPC only.",
    remedy="Name a security group or a prefix list as the destination.",
    link=f"{GUIDE}/security-group-rules.html",
    controls="C5 CKV_AWS_382",
)
def sends_to_named_destinations(group: Resource) -> bool:
    return not any(_is_open(item) for item in _ranges(group, "egress"))


@rule(
    "vpc-https-only",
    INGRESS,
    EGRESS,
    title="A security group rule allows HTTPS and nothing else",
    reason="The endpoints of AWS use port 443.",
    remedy="Set ipProtocol to tcp, and fromPort and toPort to 443.",
    link=f"{GUIDE}/security-group-rules.html",
    controls="C4 CKV_AWS_277",
)
def allows_https_only(item: Resource) -> bool:
    return bool(item["ipProtocol"] == "tcp" and item["fromPort"] == item["toPort"] == HTTPS)


@rule(
    "vpc-rule-described",
    INGRESS,
    EGRESS,
    GROUP_RULE,
    title="A security group rule has a description",
    reason="A rule whose purpose no one knows is never removed.",
    remedy="Set description.",
    link=f"{GUIDE}/security-group-rules.html",
    controls="AwsSolutions-EC27 CKV_AWS_23",
)
def rule_is_described(item: Resource) -> bool:
    return bool(item["description"])


@rule(
    "vpc-group-described",
    GROUP,
    title="A security group has a description",
    reason="A group whose purpose no one knows is never removed.",
    remedy="Set description.",
    link=f"{GUIDE}/creating-security-groups.html",
    controls="AwsSolutions-EC27 CKV_AWS_23",
)
def group_is_described(group: Resource) -> bool:
    return group["description"] not in (None, "", "Managed by Pulumi")


@rule(
    "vpc-endpoint-policy",
    ENDPOINT,
    title="A VPC endpoint has a policy",
    reason="Without a policy, stolen credentials of another account could carry data out through it.",
    remedy="Set policy with the actions, resources and roles of the functions.",
    link=f"{ENDPOINTS}/vpc-endpoints-access.html",
    controls="C4",
)
def has_endpoint_policy(endpoint: Resource) -> bool:
    return bool(endpoint.statements())


@rule(
    "vpc-endpoint-named",
    ENDPOINT,
    title="The policy of an endpoint names actions, resources and principals",
    reason="A wildcard would admit other roles or other accounts' resources.",
    remedy="Name actions and resources, and the roles in a condition on aws:PrincipalArn.",
    link=f"{ENDPOINTS}/vpc-endpoints-access.html",
    controls="C4",
)
def names_all(endpoint: Resource) -> bool:
    return all(
        not any("*" in action for action in statement.actions)
        and "*" not in statement.resources
        and (not statement.allows_everyone or statement.condition_values("aws:PrincipalArn"))
        for statement in endpoint.statements()
        if statement.allows
    )


@rule(
    "vpc-endpoint-dns",
    ENDPOINT,
    title="An interface endpoint has private DNS",
    reason="The SDK reaches the endpoint by the service's usual name.",
    remedy="Set privateDnsEnabled to true.",
    link=f"{ENDPOINTS}/manage-dns-names.html",
)
def has_private_dns(endpoint: Resource) -> bool:
    return endpoint["vpcEndpointType"] != "Interface" or endpoint["privateDnsEnabled"] is True


@rule(
    "vpc-endpoint-group",
    ENDPOINT,
    title="An interface endpoint has a security group",
    reason="AWS would otherwise give it the default group of the VPC.",
    remedy="Set securityGroupIds.",
    link=f"{ENDPOINTS}/create-interface-endpoint.html",
)
def has_group(endpoint: Resource) -> bool:
    return endpoint["vpcEndpointType"] != "Interface" or bool(endpoint["securityGroupIds"])


@rule(
    "vpc-no-network-acl",
    NETWORK_ACL,
    NETWORK_ACL_RULE,
    title="The stacks declare no network ACL",
    reason="Security groups decide alone. A second list of rules without state hides faults.",
    remedy="Use a security group.",
    link=f"{SECURITY_HUB}#ec2-21",
    controls="EC2.16 EC2.21 AwsSolutions-VPC3",
)
def is_no_network_acl(_: Resource) -> bool:
    return False
