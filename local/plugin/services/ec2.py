"""The network: VPC, subnets and route tables."""

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugin.properties import Property, capitalize, copy_fields, to_api
from local.plugin.resource import REGION, REGION_AND_TAGS, Resource
from local.plugin.tags import TagApi, Tags, from_list, to_list
from local.plugin.values import Props


class _Ec2TagApi(TagApi):
    def put_tags(self, client: Any, resource: str, tags: Tags) -> None:
        client.create_tags(Resources=[resource], Tags=to_list(tags))

    def remove_tags(self, client: Any, resource: str, keys: list[str]) -> None:
        client.delete_tags(Resources=[resource], Tags=[{"Key": key} for key in keys])


class Ec2Resource(Resource):
    """Base class of EC2's types, to which AWS assigns an id.

    noun: the noun in the names of the operations.
    id_name: the operations' parameter for the id.
    fields: the properties in the request of a creation.
    """

    service = "ec2"
    tag_api = _Ec2TagApi(by_arn=False)
    noun: ClassVar[str]
    id_name: ClassVar[str]
    fields: ClassVar[Mapping[str, Property]]

    def create(self, inputs: Props) -> str:
        create = getattr(self.client, f"create_{self.noun}")
        response = create(**self.request(inputs), TagSpecifications=self.tag_specifications(inputs))
        return str(response.get(self._response_key, response)[self.id_name])

    def request(self, inputs: Props) -> dict[str, Any]:
        """The parameters of a creation, except tags."""
        return to_api(self.fields, inputs)

    def tag_specifications(self, inputs: Props) -> list[dict[str, Any]]:
        """TagSpecifications of a creation; empty without tags, because EC2 rejects an empty list of tags."""
        tag_list = to_list(inputs["tags"])
        return [{"ResourceType": self._tagged_type, "Tags": tag_list}] if tag_list else []

    def read(self, resource_id: str, state: Props) -> Props | None:
        found = self.find(resource_id)
        if found is None:
            return None
        return {
            "arn": self.aws.arn("ec2", f"{self._tagged_type}/{resource_id}"),
            "tags": from_list(found.get("Tags")),
            **self.outputs(resource_id, state, found),
        }

    def outputs(self, resource_id: str, state: Props, found: dict[str, Any]) -> Props:
        """The outputs in a result of `find`, except ARN and tags."""
        raise NotImplementedError

    def find(self, resource_id: str) -> dict[str, Any] | None:
        """The result of the describe operation for one resource."""
        describe = getattr(self.client, f"describe_{self.noun}s")
        results = describe(**{f"{self.id_name}s": [resource_id]})[f"{self._response_key}s"]
        return next(iter(results), None)

    def find_in_vpc(self, noun: str, key: str, vpc_id: str) -> list[dict[str, Any]]:
        """The results of a describe operation for one VPC."""
        by_vpc = {"Name": "vpc-id", "Values": [vpc_id]}
        return list(getattr(self.client, f"describe_{noun}")(Filters=[by_vpc])[key])

    def delete(self, resource_id: str, state: Props) -> None:
        getattr(self.client, f"delete_{self.noun}")(**{self.id_name: resource_id})

    @property
    def _response_key(self) -> str:
        return "".join(word.capitalize() for word in self.noun.split("_"))

    @property
    def _tagged_type(self) -> str:
        return self.noun.replace("_", "-")


class Vpc(Ec2Resource):
    """A VPC."""

    pulumi_type = "aws:ec2/vpc:Vpc"
    noun = "vpc"
    id_name = "VpcId"
    fields: ClassVar = {
        "cidrBlock": Property(required=True, replace=True),
        "instanceTenancy": Property("default", replace=True),
    }
    _attributes: ClassVar = {"enableDnsSupport": Property(True), "enableDnsHostnames": Property(False)}
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **fields,
        **_attributes,
        "enableNetworkAddressUsageMetrics": Property(False, only=(False,)),
        "assignGeneratedIpv6CidrBlock": Property(False, only=(False,)),
    }

    def configure(self, resource_id: str, inputs: Props) -> None:
        # AWS accepts one attribute per call, and DNS host names require DNS support.
        for name in self._attributes:
            self.client.modify_vpc_attribute(VpcId=resource_id, **{capitalize(name): {"Value": inputs[name]}})

    def outputs(self, resource_id: str, state: Props, found: dict[str, Any]) -> Props:
        tables = self.find_in_vpc("route_tables", "RouteTables", resource_id)
        groups = self.find_in_vpc("security_groups", "SecurityGroups", resource_id)
        acls = self.find_in_vpc("network_acls", "NetworkAcls", resource_id)
        main_tables = [t["RouteTableId"] for t in tables if any(a.get("Main") for a in t["Associations"])]
        main_table = next(iter(main_tables), None)
        return {
            **copy_fields(found, "cidrBlock", "instanceTenancy", "dhcpOptionsId", "ownerId"),
            **{name: self._attribute(resource_id, name) for name in self._attributes},
            "mainRouteTableId": main_table,
            "defaultRouteTableId": main_table,
            "defaultSecurityGroupId": next(
                (g["GroupId"] for g in groups if g["GroupName"] == "default"), None
            ),
            "defaultNetworkAclId": next((a["NetworkAclId"] for a in acls if a["IsDefault"]), None),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.configure(resource_id, new)

    def _attribute(self, vpc_id: str, name: str) -> bool:
        response = self.client.describe_vpc_attribute(VpcId=vpc_id, Attribute=name)
        return bool(response[capitalize(name)]["Value"])


class Subnet(Ec2Resource):
    """A subnet."""

    pulumi_type = "aws:ec2/subnet:Subnet"
    identity = ("vpcId", "cidrBlock")
    noun = "subnet"
    id_name = "SubnetId"
    fields: ClassVar = {
        "vpcId": Property(required=True, replace=True),
        "cidrBlock": Property(required=True, replace=True),
        "availabilityZone": Property(computed=True, replace=True),
        "availabilityZoneId": Property(computed=True, replace=True),
    }
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **fields,
        "mapPublicIpOnLaunch": Property(False),
        "assignIpv6AddressOnCreation": Property(False, only=(False,)),
    }

    def configure(self, resource_id: str, inputs: Props) -> None:
        public = {"Value": inputs["mapPublicIpOnLaunch"]}
        self.client.modify_subnet_attribute(SubnetId=resource_id, MapPublicIpOnLaunch=public)

    def outputs(self, resource_id: str, state: Props, found: dict[str, Any]) -> Props:
        return copy_fields(found, *self.fields, "mapPublicIpOnLaunch", "ownerId")

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.configure(resource_id, new)


class RouteTable(Ec2Resource):
    """A route table without routes; the routes of gateway endpoints belong to the endpoints."""

    pulumi_type = "aws:ec2/routeTable:RouteTable"
    noun = "route_table"
    id_name = "RouteTableId"
    fields: ClassVar = {"vpcId": Property(required=True, replace=True)}
    properties: ClassVar = {**REGION_AND_TAGS, **fields, "routes": Property(computed=True, only=([],))}

    def outputs(self, resource_id: str, state: Props, found: dict[str, Any]) -> Props:
        routes = [
            {"cidrBlock": route["DestinationCidrBlock"], "gatewayId": route.get("GatewayId", "")}
            for route in found["Routes"]
            if route.get("GatewayId") != "local" and "DestinationCidrBlock" in route
        ]
        return {**copy_fields(found, "vpcId", "ownerId"), "routes": routes}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        for route in old.get("routes", []):
            self.client.delete_route(RouteTableId=resource_id, DestinationCidrBlock=route["cidrBlock"])


class RouteTableAssociation(Resource):
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
        return str(self.client.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        by_id = {"Name": "association.route-table-association-id", "Values": [resource_id]}
        for table in self.client.describe_route_tables(Filters=[by_id])["RouteTables"]:
            for association in table["Associations"]:
                if association["RouteTableAssociationId"] == resource_id:
                    return copy_fields(association, "subnetId", "routeTableId")
        return None

    def delete(self, resource_id: str, state: Props) -> None:
        if self.read(resource_id, state) is not None:
            self.client.disassociate_route_table(AssociationId=resource_id)
