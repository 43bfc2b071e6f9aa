"""VPC endpoints: private access to AWS services."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS
from local.plugin.services.ec2 import Ec2Resource
from local.plugin.values import Props

_LISTS = {
    "routeTableIds": "RouteTableIds",
    "subnetIds": "SubnetIds",
    "securityGroupIds": "SecurityGroupIds",
}


class VpcEndpoint(Ec2Resource):
    """A gateway or interface endpoint; AWS assigns its id.

    The emulator does not return the policy, the security groups and private DNS, so the state keeps their
    declared values.
    """

    pulumi_type = "aws:ec2/vpcEndpoint:VpcEndpoint"
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "vpcId": Property(required=True, replace=True),
        "serviceName": Property(required=True, replace=True),
        "vpcEndpointType": Property("Gateway", replace=True),
        "policy": Property(computed=True, document="policy"),
        "privateDnsEnabled": Property(False),
        "routeTableIds": Property(computed=True, unordered=True),
        "subnetIds": Property(computed=True, unordered=True),
        "securityGroupIds": Property(computed=True, unordered=True),
        "ipAddressType": Property(computed=True),
        # Endpoints of the same account, the only ones here, are accepted immediately.
        "autoAccept": Property(False, only=(False, True)),
    }

    def create(self, inputs: Props) -> str:
        optional = {"PolicyDocument": inputs.get("policy"), "IpAddressType": inputs.get("ipAddressType")}
        lists = {api: inputs.get(name) for name, api in _LISTS.items()}
        private = {"PrivateDnsEnabled": inputs["privateDnsEnabled"]}
        response = self.ec2.create_vpc_endpoint(
            VpcId=inputs["vpcId"],
            ServiceName=inputs["serviceName"],
            VpcEndpointType=inputs["vpcEndpointType"],
            TagSpecifications=self.tag_specifications("vpc-endpoint", inputs),
            **{name: value for name, value in {**optional, **lists}.items() if value},
            **(private if inputs["vpcEndpointType"] == "Interface" else {}),
        )
        return str(response["VpcEndpoint"]["VpcEndpointId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        endpoints = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[resource_id])["VpcEndpoints"]
        if not endpoints or endpoints[0]["State"].lower() in ("deleted", "deleting"):
            return None
        endpoint = endpoints[0]
        prefixes = self._prefix_list(endpoint)
        return {
            "arn": self.aws.arn("ec2", f"vpc-endpoint/{resource_id}"),
            "vpcId": endpoint["VpcId"],
            "serviceName": endpoint["ServiceName"],
            "vpcEndpointType": endpoint["VpcEndpointType"],
            "state": endpoint["State"],
            "ownerId": endpoint["OwnerId"],
            "requesterManaged": endpoint.get("RequesterManaged", False),
            "networkInterfaceIds": endpoint.get("NetworkInterfaceIds", []),
            "dnsEntries": [_dns_entry(entry) for entry in endpoint.get("DnsEntries", [])],
            "prefixListId": prefixes.get("PrefixListId"),
            "cidrBlocks": prefixes.get("Cidrs", []),
            **self._read_inputs(endpoint),
            "tags": tags.from_list(endpoint.get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        request: dict[str, Any] = {}
        for name, api in _LISTS.items():
            if name in changed and name in new:
                # ModifyVpcEndpoint uses AddGroupIds, not AddSecurityGroupIds.
                request |= _list_changes(api.removeprefix("Security"), old.get(name, []), new[name])
        if "policy" in changed:
            request |= {"PolicyDocument": new["policy"]} if new.get("policy") else {"ResetPolicy": True}
        if "privateDnsEnabled" in changed and new["vpcEndpointType"] == "Interface":
            request["PrivateDnsEnabled"] = new["privateDnsEnabled"]
        if "ipAddressType" in changed and new.get("ipAddressType"):
            request["IpAddressType"] = new["ipAddressType"]
        if request:
            self.ec2.modify_vpc_endpoint(VpcEndpointId=resource_id, **request)
        self.change_tags(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[resource_id])

    def _prefix_list(self, endpoint: Props) -> Props:
        if endpoint["VpcEndpointType"] != "Gateway":
            return {}
        lists = self.ec2.describe_prefix_lists()["PrefixLists"]
        return next((entry for entry in lists if entry["PrefixListName"] == endpoint["ServiceName"]), {})

    def _read_inputs(self, endpoint: Props) -> Props:
        """The inputs that the response contains."""
        inputs: Props = {
            "routeTableIds": endpoint.get("RouteTableIds"),
            "subnetIds": endpoint.get("SubnetIds"),
            "policy": endpoint.get("PolicyDocument"),
            "privateDnsEnabled": endpoint.get("PrivateDnsEnabled"),
            "ipAddressType": endpoint.get("IpAddressType"),
        }
        if endpoint.get("Groups"):
            inputs["securityGroupIds"] = [group["GroupId"] for group in endpoint["Groups"]]
        return {name: value for name, value in inputs.items() if value is not None}


def _list_changes(api: str, old: list[str], new: list[str]) -> dict[str, list[str]]:
    changes = {f"Add{api}": sorted(set(new) - set(old)), f"Remove{api}": sorted(set(old) - set(new))}
    return {name: ids for name, ids in changes.items() if ids}


def _dns_entry(entry: dict[str, str]) -> dict[str, str | None]:
    return {"dnsName": entry.get("DnsName"), "hostedZoneId": entry.get("HostedZoneId")}


RESOURCES = (VpcEndpoint,)
