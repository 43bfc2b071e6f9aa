"""Security groups and their rules."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS
from local.plugin.services.ec2 import Ec2Resource
from local.plugin.values import Props

_NO_RULES = {
    # Rules are resources of their own; a group's own lists can only say that there are none.
    "ingress": Property(computed=True, only=([],)),
    "egress": Property(computed=True, only=([],)),
}
_SIDES = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


class _Group(Ec2Resource):
    def find(self, resource_id: str) -> Props:
        return dict(self.ec2.describe_security_groups(GroupIds=[resource_id])["SecurityGroups"][0])

    def described(self, group: Props) -> Props:
        return {
            "arn": self.aws.arn("ec2", f"security-group/{group['GroupId']}"),
            "name": group["GroupName"],
            "description": group["Description"],
            "vpcId": group["VpcId"],
            "ownerId": group["OwnerId"],
            "tags": tags.from_list(group.get("Tags")),
        }

    def revoke_all(self, resource_id: str, *sides: str) -> None:
        group = self.find(resource_id)
        for side in sides:
            if rules := [_without_empty(rule) for rule in group[_SIDES[side]]]:
                getattr(self.ec2, f"revoke_security_group_{side}")(GroupId=resource_id, IpPermissions=rules)

    def delete(self, resource_id: str, state: Props) -> None:
        self.ec2.delete_security_group(GroupId=resource_id)


class SecurityGroup(_Group):
    """A group that lets nothing through until it has rules; its id is AWS's."""

    pulumi_type = "aws:ec2/securityGroup:SecurityGroup"
    identity = ("vpcId", "name")
    properties: ClassVar = {
        **REGION,
        **TAGS,
        **_NO_RULES,
        "name": Property(autoname=True, replace=True),
        "description": Property("Managed by Pulumi", replace=True),
        "vpcId": Property(required=True, replace=True),
        "revokeRulesOnDelete": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        answer = self.ec2.create_security_group(
            GroupName=inputs["name"],
            Description=inputs["description"],
            VpcId=inputs["vpcId"],
            TagSpecifications=self.named("security-group", inputs),
        )
        return str(answer["GroupId"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        # AWS lets everything out of a new group; the official provider takes that back, and so does this one.
        self.revoke_all(resource_id, "egress")

    def read(self, resource_id: str, state: Props) -> Props:
        group = self.find(resource_id)
        # Only a group that declares its lists has rules of its own to compare.
        declared = {side: _shown(group[api]) for side, api in _SIDES.items() if side in state}
        return {**self.described(group), **declared}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.revoke_all(resource_id, *(side for side in _SIDES if side in changed and side in new))
        self.retag(resource_id, old, new)


class DefaultSecurityGroup(_Group):
    """The group AWS makes with a VPC, taken over and emptied; it goes when the VPC goes."""

    pulumi_type = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    identity = ("vpcId",)
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "ingress": Property(default=[], only=([],)),
        "egress": Property(default=[], only=([],)),
        "vpcId": Property(required=True, replace=True),
        "revokeRulesOnDelete": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        groups = self.of_vpc("describe_security_groups", "SecurityGroups", inputs["vpcId"])
        return str(next(group["GroupId"] for group in groups if group["GroupName"] == "default"))

    def configure(self, resource_id: str, inputs: Props) -> None:
        self.revoke_all(resource_id, "ingress", "egress")
        self.retag(resource_id, {"tags": {}}, inputs)

    def read(self, resource_id: str, state: Props) -> Props:
        group = self.find(resource_id)
        return {**self.described(group), **{side: _shown(group[api]) for side, api in _SIDES.items()}}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.revoke_all(resource_id, "ingress", "egress")
        self.retag(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        """AWS deletes it with its VPC only."""


class _Rule(Ec2Resource):
    """One rule of a group; its id is AWS's. The emulator keeps no prefix list, so the declared one stays."""

    side: ClassVar[str]
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "securityGroupId": Property(required=True, replace=True),
        "ipProtocol": Property(required=True),
        "fromPort": Property(),
        "toPort": Property(),
        "cidrIpv4": Property(),
        "cidrIpv6": Property(),
        "prefixListId": Property(),
        "referencedSecurityGroupId": Property(),
        "description": Property(),
    }

    def create(self, inputs: Props) -> str:
        answer = getattr(self.ec2, f"authorize_security_group_{self.side}")(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            TagSpecifications=self.named("security-group-rule", inputs),
        )
        return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        answer = self.ec2.describe_security_group_rules(SecurityGroupRuleIds=[resource_id])
        if not answer["SecurityGroupRules"]:
            return None
        rule = answer["SecurityGroupRules"][0]
        ports = {"fromPort": rule.get("FromPort"), "toPort": rule.get("ToPort")}
        prefix = {"prefixListId": rule["PrefixListId"]} if "PrefixListId" in rule else {}
        return {
            "arn": self.aws.arn("ec2", f"security-group-rule/{resource_id}"),
            "securityGroupRuleId": resource_id,
            "securityGroupId": rule["GroupId"],
            "ipProtocol": rule["IpProtocol"],
            **{name: port for name, port in ports.items() if port != -1},
            "cidrIpv4": rule.get("CidrIpv4"),
            "cidrIpv6": rule.get("CidrIpv6"),
            **prefix,
            "referencedSecurityGroupId": rule.get("ReferencedGroupInfo", {}).get("GroupId"),
            **({"description": rule["Description"]} if "Description" in rule else {}),
            "tags": tags.from_list(rule.get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed - {"tags", "region"}:
            rule = {"SecurityGroupRuleId": resource_id, "SecurityGroupRule": _modification(new)}
            self.ec2.modify_security_group_rules(GroupId=new["securityGroupId"], SecurityGroupRules=[rule])
        self.retag(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        revoke = getattr(self.ec2, f"revoke_security_group_{self.side}")
        revoke(GroupId=state["securityGroupId"], SecurityGroupRuleIds=[resource_id])


class SecurityGroupIngressRule(_Rule):
    """What a group lets in."""

    pulumi_type = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    side = "ingress"


class SecurityGroupEgressRule(_Rule):
    """What a group lets out."""

    pulumi_type = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    side = "egress"


def _permission(inputs: Props) -> dict[str, Any]:
    """One rule as the authorising calls take it."""
    described = {"Description": inputs["description"]} if inputs.get("description") else {}
    targets = {
        "IpRanges": ("CidrIp", inputs.get("cidrIpv4")),
        "Ipv6Ranges": ("CidrIpv6", inputs.get("cidrIpv6")),
        "PrefixListIds": ("PrefixListId", inputs.get("prefixListId")),
        "UserIdGroupPairs": ("GroupId", inputs.get("referencedSecurityGroupId")),
    }
    permission: dict[str, Any] = {"IpProtocol": inputs["ipProtocol"], **_ports(inputs)}
    for name, (key, value) in targets.items():
        if value:
            permission[name] = [{key: value, **described}]
    return permission


def _modification(inputs: Props) -> dict[str, Any]:
    """One rule as the modifying call takes it."""
    rule = {
        "IpProtocol": inputs["ipProtocol"],
        **_ports(inputs),
        "CidrIpv4": inputs.get("cidrIpv4"),
        "CidrIpv6": inputs.get("cidrIpv6"),
        "PrefixListId": inputs.get("prefixListId"),
        "ReferencedGroupId": inputs.get("referencedSecurityGroupId"),
        "Description": inputs.get("description"),
    }
    return {name: value for name, value in rule.items() if value is not None}


def _ports(inputs: Props) -> dict[str, int]:
    ports = {"FromPort": inputs.get("fromPort"), "ToPort": inputs.get("toPort")}
    return {name: port for name, port in ports.items() if port is not None}


def _without_empty(rule: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in rule.items() if value not in ([], None)}


def _shown(rules: list[dict[str, Any]]) -> list[Props]:
    """Rules in the form of a group's own lists, for a difference that can be read."""
    return [
        {
            "protocol": rule["IpProtocol"],
            "fromPort": rule.get("FromPort", 0),
            "toPort": rule.get("ToPort", 0),
            "cidrBlocks": [one["CidrIp"] for one in rule.get("IpRanges", [])],
            "securityGroups": [one["GroupId"] for one in rule.get("UserIdGroupPairs", [])],
        }
        for rule in rules
    ]


RESOURCES = (SecurityGroup, DefaultSecurityGroup, SecurityGroupIngressRule, SecurityGroupEgressRule)
