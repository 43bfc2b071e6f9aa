"""The network: VPC, subnets, route tables and endpoints."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Props


class Ec2Resource(Resource):
    """Base class of EC2's types."""

    @property
    def ec2(self) -> Any:
        return self.aws.client("ec2")

    def tag_specifications(self, kind: str, inputs: Props) -> list[dict[str, Any]]:
        """TagSpecifications of a creation; empty without tags, because EC2 rejects an empty list of tags."""
        return [{"ResourceType": kind, "Tags": tags.to_list(inputs["tags"])}] if inputs["tags"] else []

    def change_tags(self, resource_id: str, old: Props, new: Props) -> None:
        """Change the tags to those of `new`."""
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self.ec2.create_tags(Resources=[resource_id], Tags=tags.to_list(added)),
            remove=lambda names: self.ec2.delete_tags(
                Resources=[resource_id], Tags=[{"Key": name} for name in names]
            ),
        )

    def list_in_vpc(self, operation: str, key: str, vpc_id: str) -> list[dict[str, Any]]:
        """The results of a describe operation for one VPC."""
        response = getattr(self.ec2, operation)(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
        return list(response[key])


class Vpc(Ec2Resource):
    """A VPC; AWS assigns its id."""

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
        response = self.ec2.create_vpc(
            CidrBlock=inputs["cidrBlock"],
            InstanceTenancy=inputs["instanceTenancy"],
            TagSpecifications=self.tag_specifications("vpc", inputs),
        )
        return str(response["Vpc"]["VpcId"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        # AWS accepts one attribute per call, and DNS host names require DNS support.
        for name in ("enableDnsSupport", "enableDnsHostnames"):
            attribute = {name[0].upper() + name[1:]: {"Value": inputs[name]}}
            self.ec2.modify_vpc_attribute(VpcId=resource_id, **attribute)

    def read(self, resource_id: str, state: Props) -> Props:
        vpc = self.ec2.describe_vpcs(VpcIds=[resource_id])["Vpcs"][0]
        tables = self.list_in_vpc("describe_route_tables", "RouteTables", resource_id)
        groups = self.list_in_vpc("describe_security_groups", "SecurityGroups", resource_id)
        acls = self.list_in_vpc("describe_network_acls", "NetworkAcls", resource_id)
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
        self.change_tags(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.ec2.delete_vpc(VpcId=resource_id)

    def _attribute(self, vpc_id: str, name: str) -> bool:
        response = self.ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name)
        return bool(response[name[0].upper() + name[1:]]["Value"])


class Subnet(Ec2Resource):
    """A subnet; AWS assigns its id."""

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
        response = self.ec2.create_subnet(
            VpcId=inputs["vpcId"],
            CidrBlock=inputs["cidrBlock"],
            TagSpecifications=self.tag_specifications("subnet", inputs),
            **(zone if zone["AvailabilityZone"] else zone_id if zone_id["AvailabilityZoneId"] else {}),
        )
        return str(response["Subnet"]["SubnetId"])

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
        self.change_tags(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.ec2.delete_subnet(SubnetId=resource_id)


class RouteTable(Ec2Resource):
    """A route table without routes; the routes of gateway endpoints belong to the endpoints."""

    pulumi_type = "aws:ec2/routeTable:RouteTable"
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "vpcId": Property(required=True, replace=True),
        "routes": Property(computed=True, only=([],)),
    }

    def create(self, inputs: Props) -> str:
        specifications = self.tag_specifications("route-table", inputs)
        response = self.ec2.create_route_table(VpcId=inputs["vpcId"], TagSpecifications=specifications)
        return str(response["RouteTable"]["RouteTableId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        tables = self.ec2.describe_route_tables(RouteTableIds=[resource_id])["RouteTables"]
        if not tables:
            return None
        routes = [
            {"cidrBlock": route["DestinationCidrBlock"], "gatewayId": route.get("GatewayId", "")}
            for route in tables[0]["Routes"]
            if route.get("GatewayId") != "local" and "DestinationCidrBlock" in route
        ]
        return {
            "arn": self.aws.arn("ec2", f"route-table/{resource_id}"),
            "vpcId": tables[0]["VpcId"],
            "ownerId": tables[0]["OwnerId"],
            "routes": routes,
            "tags": tags.from_list(tables[0].get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        for route in old.get("routes", []) if "routes" in changed else []:
            self.ec2.delete_route(RouteTableId=resource_id, DestinationCidrBlock=route["cidrBlock"])
        self.change_tags(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.ec2.delete_route_table(RouteTableId=resource_id)


class RouteTableAssociation(Ec2Resource):
    """The route table of a subnet; its id is the association's, which changes with every association."""

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
