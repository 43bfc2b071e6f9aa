"""VPC endpoints: the private ways to AWS services."""

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
    """A gateway or interface endpoint; its id is AWS's.

    The emulator takes policy, security groups and private DNS and does not give them back, so their declared
    values stay in the state.
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
        # Endpoints of the account itself, the only ones here, are accepted at once.
        "autoAccept": Property(False, only=(False, True)),
    }

    def create(self, inputs: Props) -> str:
        optional = {"PolicyDocument": inputs.get("policy"), "IpAddressType": inputs.get("ipAddressType")}
        lists = {api: inputs.get(name) for name, api in _LISTS.items()}
        private = {"PrivateDnsEnabled": inputs["privateDnsEnabled"]}
        answer = self.ec2.create_vpc_endpoint(
            VpcId=inputs["vpcId"],
            ServiceName=inputs["serviceName"],
            VpcEndpointType=inputs["vpcEndpointType"],
            TagSpecifications=self.named("vpc-endpoint", inputs),
            **{name: value for name, value in {**optional, **lists}.items() if value},
            **(private if inputs["vpcEndpointType"] == "Interface" else {}),
        )
        return str(answer["VpcEndpoint"]["VpcEndpointId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        found = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[resource_id])["VpcEndpoints"]
        if not found or found[0]["State"].lower() in ("deleted", "deleting"):
            return None
        endpoint = found[0]
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
            **self._declarable(endpoint),
            "tags": tags.from_list(endpoint.get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        wanted: dict[str, Any] = {}
        for name, api in _LISTS.items():
            if name in changed and name in new:
                # Modifying names security groups GroupIds without the word Security.
                wanted |= _difference(api.removeprefix("Security"), old.get(name, []), new[name])
        if "policy" in changed:
            wanted |= {"PolicyDocument": new["policy"]} if new.get("policy") else {"ResetPolicy": True}
        if "privateDnsEnabled" in changed and new["vpcEndpointType"] == "Interface":
            wanted["PrivateDnsEnabled"] = new["privateDnsEnabled"]
        if "ipAddressType" in changed and new.get("ipAddressType"):
            wanted["IpAddressType"] = new["ipAddressType"]
        if wanted:
            self.ec2.modify_vpc_endpoint(VpcEndpointId=resource_id, **wanted)
        self.retag(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[resource_id])

    def _prefix_list(self, endpoint: Props) -> Props:
        if endpoint["VpcEndpointType"] != "Gateway":
            return {}
        lists = self.ec2.describe_prefix_lists()["PrefixLists"]
        return next((one for one in lists if one["PrefixListName"] == endpoint["ServiceName"]), {})

    def _declarable(self, endpoint: Props) -> Props:
        """The inputs that the answer tells; what it lacks is left out."""
        told: Props = {
            "routeTableIds": endpoint.get("RouteTableIds"),
            "subnetIds": endpoint.get("SubnetIds"),
            "policy": endpoint.get("PolicyDocument"),
            "privateDnsEnabled": endpoint.get("PrivateDnsEnabled"),
            "ipAddressType": endpoint.get("IpAddressType"),
        }
        if endpoint.get("Groups"):
            told["securityGroupIds"] = [group["GroupId"] for group in endpoint["Groups"]]
        return {name: value for name, value in told.items() if value is not None}


def _difference(api: str, old: list[str], new: list[str]) -> dict[str, list[str]]:
    changes = {f"Add{api}": sorted(set(new) - set(old)), f"Remove{api}": sorted(set(old) - set(new))}
    return {name: ids for name, ids in changes.items() if ids}


def _dns_entry(entry: dict[str, str]) -> dict[str, str | None]:
    return {"dnsName": entry.get("DnsName"), "hostedZoneId": entry.get("HostedZoneId")}


RESOURCES = (VpcEndpoint,)
