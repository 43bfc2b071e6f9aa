"""Security groups and their rules."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS
from local.plugin.services.ec2 import Ec2Resource
from local.plugin.values import Props

_NO_RULES = {
    # Rules are separate resources, so the rule lists of a group can only be empty.
    "ingress": Property(computed=True, only=([],)),
    "egress": Property(computed=True, only=([],)),
}
_SIDES = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


class _Group(Ec2Resource):
    def find(self, resource_id: str) -> Props:
        return dict(self.ec2.describe_security_groups(GroupIds=[resource_id])["SecurityGroups"][0])

    def common_outputs(self, group: Props) -> Props:
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
    """A group without rules, which allows no traffic; AWS assigns its id."""

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
        response = self.ec2.create_security_group(
            GroupName=inputs["name"],
            Description=inputs["description"],
            VpcId=inputs["vpcId"],
            TagSpecifications=self.tag_specifications("security-group", inputs),
        )
        return str(response["GroupId"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        # AWS allows all outbound traffic of a new group; as in the official provider, the rule is removed.
        self.revoke_all(resource_id, "egress")

    def read(self, resource_id: str, state: Props) -> Props:
        group = self.find(resource_id)
        # The rule lists are compared only if the group declares them.
        rules = {side: _read_rules(group[api]) for side, api in _SIDES.items() if side in state}
        return {**self.common_outputs(group), **rules}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.revoke_all(resource_id, *(side for side in _SIDES if side in changed and side in new))
        self.change_tags(resource_id, old, new)


class DefaultSecurityGroup(_Group):
    """The default group of a VPC, without rules; AWS creates and deletes it with the VPC."""

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
        groups = self.list_in_vpc("describe_security_groups", "SecurityGroups", inputs["vpcId"])
        return str(next(group["GroupId"] for group in groups if group["GroupName"] == "default"))

    def configure(self, resource_id: str, inputs: Props) -> None:
        self.revoke_all(resource_id, "ingress", "egress")
        self.change_tags(resource_id, {"tags": {}}, inputs)

    def read(self, resource_id: str, state: Props) -> Props:
        group = self.find(resource_id)
        rules = {side: _read_rules(group[api]) for side, api in _SIDES.items()}
        return {**self.common_outputs(group), **rules}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self.revoke_all(resource_id, "ingress", "egress")
        self.change_tags(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        """AWS deletes the group with its VPC."""


class _Rule(Ec2Resource):
    """One rule of a group; AWS assigns its id. The state keeps the prefix list, which the emulator drops."""

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
        response = getattr(self.ec2, f"authorize_security_group_{self.side}")(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[_permission(inputs)],
            TagSpecifications=self.tag_specifications("security-group-rule", inputs),
        )
        return str(response["SecurityGroupRules"][0]["SecurityGroupRuleId"])

    def read(self, resource_id: str, state: Props) -> Props | None:
        response = self.ec2.describe_security_group_rules(SecurityGroupRuleIds=[resource_id])
        if not response["SecurityGroupRules"]:
            return None
        rule = response["SecurityGroupRules"][0]
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
        self.change_tags(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        revoke = getattr(self.ec2, f"revoke_security_group_{self.side}")
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
    permission: dict[str, Any] = {"IpProtocol": inputs["ipProtocol"], **_ports(inputs)}
    for name, (key, value) in targets.items():
        if value:
            permission[name] = [{key: value, **described}]
    return permission


def _modification(inputs: Props) -> dict[str, Any]:
    """A rule in the format of the modify operation."""
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


RESOURCES = (SecurityGroup, DefaultSecurityGroup, SecurityGroupIngressRule, SecurityGroupEgressRule)
