"""The network: VPC, subnets, route tables and endpoints."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Props


class Ec2Resource(Resource):
    """What EC2's types share: one API to describe, tag and name things by id."""

    @property
    def ec2(self) -> Any:
        return self.aws.client("ec2")

    def named(self, kind: str, inputs: Props) -> list[dict[str, Any]]:
        """TagSpecifications of a creation; empty without tags, since EC2 refuses an empty list of tags."""
        return [{"ResourceType": kind, "Tags": tags.to_list(inputs["tags"])}] if inputs["tags"] else []

    def retag(self, resource_id: str, old: Props, new: Props) -> None:
        """Make the tags those of `new`."""
        tags.change(
            old["tags"],
            new["tags"],
            put=lambda added: self.ec2.create_tags(Resources=[resource_id], Tags=tags.to_list(added)),
            remove=lambda names: self.ec2.delete_tags(
                Resources=[resource_id], Tags=[{"Key": name} for name in names]
            ),
        )

    def of_vpc(self, describe: str, key: str, vpc_id: str) -> list[dict[str, Any]]:
        """What a describe operation lists for one VPC."""
        answer = getattr(self.ec2, describe)(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
        return list(answer[key])


class Vpc(Ec2Resource):
    """A VPC; its id is AWS's."""

    pulumi_type = "aws:ec2/vpc:Vpc"
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "cidrBlock": Property(required=True, replace=True),
        "instanceTenancy": Property("default", replace=True),
        "enableDnsSupport": Property(True),
        "enableDnsHostnames": Property(False),
        "enableNetworkAddressUsageMetrics": Property(False, only=(False,)),
        "assignGeneratedIpv6CidrBlock": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        answer = self.ec2.create_vpc(
            CidrBlock=inputs["cidrBlock"],
            InstanceTenancy=inputs["instanceTenancy"],
            TagSpecifications=self.named("vpc", inputs),
        )
        return str(answer["Vpc"]["VpcId"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        # One attribute a call is what AWS takes; host names need DNS support first.
        for name in ("enableDnsSupport", "enableDnsHostnames"):
            attribute = {name[0].upper() + name[1:]: {"Value": inputs[name]}}
            self.ec2.modify_vpc_attribute(VpcId=resource_id, **attribute)

    def read(self, resource_id: str, state: Props) -> Props:
        vpc = self.ec2.describe_vpcs(VpcIds=[resource_id])["Vpcs"][0]
        tables = self.of_vpc("describe_route_tables", "RouteTables", resource_id)
        groups = self.of_vpc("describe_security_groups", "SecurityGroups", resource_id)
        acls = self.of_vpc("describe_network_acls", "NetworkAcls", resource_id)
        main = [t["RouteTableId"] for t in tables if any(a.get("Main") for a in t["Associations"])]
        return {
            "arn": self.aws.arn("ec2", f"vpc/{resource_id}"),
            "cidrBlock": vpc["CidrBlock"],
            "instanceTenancy": vpc["InstanceTenancy"],
            "enableDnsSupport": self._attribute(resource_id, "enableDnsSupport"),
            "enableDnsHostnames": self._attribute(resource_id, "enableDnsHostnames"),
            "dhcpOptionsId": vpc.get("DhcpOptionsId"),
            "ownerId": vpc["OwnerId"],
            "mainRouteTableId": next(iter(main), None),
            "defaultRouteTableId": next(iter(main), None),
            "defaultSecurityGroupId": next(
                (g["GroupId"] for g in groups if g["GroupName"] == "default"), None
            ),
            "defaultNetworkAclId": next((a["NetworkAclId"] for a in acls if a["IsDefault"]), None),
            "tags": tags.from_list(vpc.get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed & {"enableDnsSupport", "enableDnsHostnames"}:
            self.configure(resource_id, new)
        self.retag(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.ec2.delete_vpc(VpcId=resource_id)

    def _attribute(self, vpc_id: str, name: str) -> bool:
        answer = self.ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name)
        return bool(answer[name[0].upper() + name[1:]]["Value"])


class Subnet(Ec2Resource):
    """A subnet; its id is AWS's."""

    pulumi_type = "aws:ec2/subnet:Subnet"
    identity = ("vpcId", "cidrBlock")
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "vpcId": Property(required=True, replace=True),
        "cidrBlock": Property(required=True, replace=True),
        "availabilityZone": Property(computed=True, replace=True),
        "availabilityZoneId": Property(computed=True, replace=True),
        "mapPublicIpOnLaunch": Property(False),
        "assignIpv6AddressOnCreation": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        zone = {"AvailabilityZone": inputs.get("availabilityZone")}
        zone_id = {"AvailabilityZoneId": inputs.get("availabilityZoneId")}
        answer = self.ec2.create_subnet(
            VpcId=inputs["vpcId"],
            CidrBlock=inputs["cidrBlock"],
            TagSpecifications=self.named("subnet", inputs),
            **(zone if zone["AvailabilityZone"] else zone_id if zone_id["AvailabilityZoneId"] else {}),
        )
        return str(answer["Subnet"]["SubnetId"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        public = {"Value": inputs["mapPublicIpOnLaunch"]}
        self.ec2.modify_subnet_attribute(SubnetId=resource_id, MapPublicIpOnLaunch=public)

    def read(self, resource_id: str, state: Props) -> Props:
        subnet = self.ec2.describe_subnets(SubnetIds=[resource_id])["Subnets"][0]
        return {
            "arn": subnet["SubnetArn"],
            "vpcId": subnet["VpcId"],
            "cidrBlock": subnet["CidrBlock"],
            "availabilityZone": subnet["AvailabilityZone"],
            "availabilityZoneId": subnet["AvailabilityZoneId"],
            "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
            "ownerId": subnet["OwnerId"],
            "tags": tags.from_list(subnet.get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if "mapPublicIpOnLaunch" in changed:
            self.configure(resource_id, new)
        self.retag(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.ec2.delete_subnet(SubnetId=resource_id)


class RouteTable(Ec2Resource):
    """A route table without routes of its own; those of gateway endpoints belong to the endpoints."""

    pulumi_type = "aws:ec2/routeTable:RouteTable"
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "vpcId": Property(required=True, replace=True),
        "routes": Property(computed=True, only=([],)),
    }

    def create(self, inputs: Props) -> str:
        specifications = self.named("route-table", inputs)
        answer = self.ec2.create_route_table(VpcId=inputs["vpcId"], TagSpecifications=specifications)
        return str(answer["RouteTable"]["RouteTableId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        tables = self.ec2.describe_route_tables(RouteTableIds=[resource_id])["RouteTables"]
        if not tables:
            return None
        foreign = [
            {"cidrBlock": route["DestinationCidrBlock"], "gatewayId": route.get("GatewayId", "")}
            for route in tables[0]["Routes"]
            if route.get("GatewayId") != "local" and "DestinationCidrBlock" in route
        ]
        return {
            "arn": self.aws.arn("ec2", f"route-table/{resource_id}"),
            "vpcId": tables[0]["VpcId"],
            "ownerId": tables[0]["OwnerId"],
            "routes": foreign,
            "tags": tags.from_list(tables[0].get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        for route in old.get("routes", []) if "routes" in changed else []:
            self.ec2.delete_route(RouteTableId=resource_id, DestinationCidrBlock=route["cidrBlock"])
        self.retag(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.ec2.delete_route_table(RouteTableId=resource_id)


class RouteTableAssociation(Ec2Resource):
    """A subnet's route table; its id is the association's, which AWS renews with every change."""

    pulumi_type = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    identity = ("subnetId",)
    properties: ClassVar = {
        **REGION,
        "subnetId": Property(required=True, replace=True),
        "routeTableId": Property(required=True, replace=True),
    }

    def create(self, inputs: Props) -> str:
        table, subnet = inputs["routeTableId"], inputs["subnetId"]
        return str(self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        by_id = {"Name": "association.route-table-association-id", "Values": [resource_id]}
        for table in self.ec2.describe_route_tables(Filters=[by_id])["RouteTables"]:
            for association in table["Associations"]:
                if association["RouteTableAssociationId"] == resource_id:
                    return {"subnetId": association["SubnetId"], "routeTableId": association["RouteTableId"]}
        return None

    def delete(self, resource_id: str, state: Props) -> None:
        if self.read(resource_id, state) is not None:
            self.ec2.disassociate_route_table(AssociationId=resource_id)


RESOURCES = (Vpc, Subnet, RouteTable, RouteTableAssociation)
