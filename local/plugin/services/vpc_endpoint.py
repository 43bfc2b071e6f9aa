"""VPC endpoints: private access to AWS services."""

from typing import Any, ClassVar

from local.plugin.properties import Property, capitalize, copy_fields, without_empty
from local.plugin.resource import REGION_AND_TAGS
from local.plugin.services.ec2 import Ec2Resource
from local.plugin.values import Props


class VpcEndpoint(Ec2Resource):
    """A gateway or interface endpoint.

    The emulator does not return the policy, the security groups and private DNS, so the state keeps their
    declared values.
    """

    pulumi_type = "aws:ec2/vpcEndpoint:VpcEndpoint"
    noun = "vpc_endpoint"
    id_name = "VpcEndpointId"
    _lists: ClassVar = {
        "routeTableIds": Property(computed=True, unordered=True),
        "subnetIds": Property(computed=True, unordered=True),
        "securityGroupIds": Property(computed=True, unordered=True),
    }
    fields: ClassVar = {
        **_lists,
        "vpcId": Property(required=True, replace=True),
        "serviceName": Property(required=True, replace=True),
        "vpcEndpointType": Property("Gateway", replace=True),
        "policy": Property(computed=True, document="policy", api="PolicyDocument"),
        "privateDnsEnabled": Property(False),
        "ipAddressType": Property(computed=True),
    }
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **fields,
        # Endpoints of the same account, the only ones here, are accepted immediately.
        "autoAccept": Property(False, only=(False, True)),
    }

    def request(self, inputs: Props) -> dict[str, Any]:
        request = without_empty(super().request(inputs))
        if inputs["vpcEndpointType"] != "Interface":
            del request["PrivateDnsEnabled"]
        return request

    def find(self, resource_id: str) -> dict[str, Any] | None:
        endpoint = super().find(resource_id)
        is_deleted = endpoint is None or endpoint["State"].lower() in ("deleted", "deleting")
        return None if is_deleted else endpoint

    def outputs(self, resource_id: str, state: Props, found: dict[str, Any]) -> Props:
        prefixes = self._prefix_list(found)
        inputs = {
            **copy_fields(found, "routeTableIds", "subnetIds", "privateDnsEnabled", "ipAddressType"),
            "policy": found.get("PolicyDocument"),
            "securityGroupIds": [group["GroupId"] for group in found.get("Groups", [])] or None,
        }
        return {
            **copy_fields(found, "vpcId", "serviceName", "vpcEndpointType", "state", "ownerId"),
            # The state keeps the declared value of an input that the response lacks.
            **{name: value for name, value in inputs.items() if value is not None},
            "requesterManaged": found.get("RequesterManaged", False),
            "networkInterfaceIds": found.get("NetworkInterfaceIds", []),
            "dnsEntries": [
                copy_fields(entry, "dnsName", "hostedZoneId") for entry in found.get("DnsEntries", [])
            ],
            "prefixListId": prefixes.get("PrefixListId"),
            "cidrBlocks": prefixes.get("Cidrs", []),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        request: dict[str, Any] = {}
        for name in self._lists:
            if name in changed:
                # ModifyVpcEndpoint uses AddGroupIds, not AddSecurityGroupIds.
                api = capitalize(name).removeprefix("Security")
                before, after = set(old.get(name, [])), set(new[name])
                request[f"Add{api}"] = sorted(after - before)
                request[f"Remove{api}"] = sorted(before - after)
        if "policy" in changed:
            request |= {"PolicyDocument": new["policy"]} if new.get("policy") else {"ResetPolicy": True}
        if "privateDnsEnabled" in changed and new["vpcEndpointType"] == "Interface":
            request["PrivateDnsEnabled"] = new["privateDnsEnabled"]
        if "ipAddressType" in changed:
            request["IpAddressType"] = new["ipAddressType"]
        if request := without_empty(request):
            self.client.modify_vpc_endpoint(VpcEndpointId=resource_id, **request)

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_vpc_endpoints(VpcEndpointIds=[resource_id])

    def _prefix_list(self, endpoint: Props) -> Props:
        if endpoint["VpcEndpointType"] != "Gateway":
            return {}
        lists = self.client.describe_prefix_lists()["PrefixLists"]
        return next((entry for entry in lists if entry["PrefixListName"] == endpoint["ServiceName"]), {})
