"""Security groups and their rules."""

from typing import Any, ClassVar

from local.plugin.properties import Property, copy_fields, without_empty
from local.plugin.resource import REGION_AND_TAGS
from local.plugin.services.ec2 import Ec2Resource
from local.plugin.values import Props

_SIDES = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


class SecurityGroup(Ec2Resource):
    """A group without rules, which allows no traffic."""

    pulumi_type = "aws:ec2/securityGroup:SecurityGroup"
    identity: ClassVar[tuple[str, ...]] = ("vpcId", "name")
    noun = "security_group"
    id_name = "GroupId"
    fields: ClassVar = {
        "name": Property(autoname=True, replace=True, api="GroupName"),
        "description": Property("Managed by Pulumi", replace=True),
        "vpcId": Property(required=True, replace=True),
    }
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **fields,
        # Rules are separate resources, so the rule lists of a group can only be empty.
        "ingress": Property(computed=True, only=([],)),
        "egress": Property(computed=True, only=([],)),
        "revokeRulesOnDelete": Property(False, only=(False,)),
    }

    def configure(self, resource_id: str, inputs: Props) -> None:
        # AWS allows all outbound traffic of a new group; as in the official provider, the rule is removed.
        self.revoke_all(resource_id, "egress")

    def outputs(self, resource_id: str, state: Props, found: dict[str, Any]) -> Props:
        return {
            **copy_fields(found, "description", "vpcId", "ownerId"),
            "name": found["GroupName"],
            # The rule lists are compared only if the group declares them.
            **{
                side: _read_rules(found[api])
                for side, api in _SIDES.items()
                if side in state or not self.properties[side].computed
            },
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.revoke_all(resource_id, *(changed & _SIDES.keys()))

    def revoke_all(self, resource_id: str, *sides: str) -> None:
        group = self.find(resource_id) or {}
        for side in sides:
            if rules := [without_empty(rule) for rule in group.get(_SIDES[side], [])]:
                revoke = getattr(self.client, f"revoke_security_group_{side}")
                revoke(GroupId=resource_id, IpPermissions=rules)


class DefaultSecurityGroup(SecurityGroup):
    """The default group of a VPC, without rules; AWS creates and deletes it with the VPC."""

    pulumi_type = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    identity = ("vpcId",)
    properties: ClassVar = {
        **REGION_AND_TAGS,
        # Always declared, so that rules of the group are drift.
        "ingress": Property(default=[], only=([],)),
        "egress": Property(default=[], only=([],)),
        "vpcId": Property(required=True, replace=True),
        "revokeRulesOnDelete": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        groups = self.find_in_vpc("security_groups", "SecurityGroups", inputs["vpcId"])
        return str(next(group["GroupId"] for group in groups if group["GroupName"] == "default"))

    def configure(self, resource_id: str, inputs: Props) -> None:
        self.revoke_all(resource_id, *_SIDES)
        self.change_tags(resource_id, {}, inputs["tags"])

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.revoke_all(resource_id, *_SIDES)

    def delete(self, resource_id: str, state: Props) -> None:
        """AWS deletes the group with its VPC."""


class _Rule(Ec2Resource):
    """One rule of a group. The state keeps the prefix list, which the emulator drops."""

    noun = "security_group_rule"
    id_name = "SecurityGroupRuleId"
    side: ClassVar[str]
    fields: ClassVar = {
        "ipProtocol": Property(required=True),
        "fromPort": Property(),
        "toPort": Property(),
        "cidrIpv4": Property(),
        "cidrIpv6": Property(),
        "prefixListId": Property(),
        "referencedSecurityGroupId": Property(api="ReferencedGroupId"),
        "description": Property(),
    }
    properties: ClassVar = {
        **REGION_AND_TAGS,
        **fields,
        "securityGroupId": Property(required=True, replace=True),
    }

    def create(self, inputs: Props) -> str:
        response = getattr(self.client, f"authorize_security_group_{self.side}")(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            TagSpecifications=self.tag_specifications(inputs),
        )
        return str(response["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def outputs(self, resource_id: str, state: Props, found: dict[str, Any]) -> Props:
        ports = copy_fields(found, "fromPort", "toPort")
        declared = copy_fields(found, "prefixListId", "description")
        return {
            **copy_fields(found, "ipProtocol", "cidrIpv4", "cidrIpv6"),
            **{name: port for name, port in ports.items() if port != -1},
            **{name: value for name, value in declared.items() if value is not None},
            "securityGroupRuleId": resource_id,
            "securityGroupId": found["GroupId"],
            "referencedSecurityGroupId": found.get("ReferencedGroupInfo", {}).get("GroupId"),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        rule = {"SecurityGroupRuleId": resource_id, "SecurityGroupRule": self.request(new)}
        self.client.modify_security_group_rules(GroupId=new["securityGroupId"], SecurityGroupRules=[rule])

    def delete(self, resource_id: str, state: Props) -> None:
        revoke = getattr(self.client, f"revoke_security_group_{self.side}")
        revoke(GroupId=state["securityGroupId"], SecurityGroupRuleIds=[resource_id])


class SecurityGroupIngressRule(_Rule):
    """A rule for inbound traffic."""

    pulumi_type = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    side = "ingress"


class SecurityGroupEgressRule(_Rule):
    """A rule for outbound traffic."""

    pulumi_type = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    side = "egress"


def _permission(inputs: Props) -> dict[str, Any]:
    """A rule in the format of the authorize operations."""
    described = {"Description": inputs["description"]} if inputs.get("description") else {}
    targets = {
        "IpRanges": ("CidrIp", inputs.get("cidrIpv4")),
        "Ipv6Ranges": ("CidrIpv6", inputs.get("cidrIpv6")),
        "PrefixListIds": ("PrefixListId", inputs.get("prefixListId")),
        "UserIdGroupPairs": ("GroupId", inputs.get("referencedSecurityGroupId")),
    }
    ports = {"FromPort": inputs.get("fromPort"), "ToPort": inputs.get("toPort")}
    return without_empty(
        {
            "IpProtocol": inputs["ipProtocol"],
            **ports,
            **{name: [{key: value, **described}] for name, (key, value) in targets.items() if value},
        }
    )


def _read_rules(rules: list[dict[str, Any]]) -> list[Props]:
    """Rules in the format of a group's rule lists, so that the diff is readable."""
    return [
        {
            "protocol": rule["IpProtocol"],
            "fromPort": rule.get("FromPort", 0),
            "toPort": rule.get("ToPort", 0),
            "cidrBlocks": [entry["CidrIp"] for entry in rule.get("IpRanges", [])],
            "securityGroups": [entry["GroupId"] for entry in rule.get("UserIdGroupPairs", [])],
        }
        for rule in rules
    ]
