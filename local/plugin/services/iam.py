"""IAM: roles, their inline policies, and managed policies."""

import json
from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property, copy_fields, without_empty
from local.plugin.resource import TAGS, PutResource, Resource
from local.plugin.tags import TagApi
from local.plugin.values import Props

_MAXIMUM_VERSIONS = 5


class Policy(Resource):
    """A managed policy; its id is the ARN."""

    pulumi_type = "aws:iam/policy:Policy"
    tag_api = TagApi("PolicyArn", put="tag_policy", remove="untag_policy")
    identity = ("name", "path")
    properties: ClassVar = {
        **TAGS,
        "name": Property(autoname=True, replace=True),
        "path": Property("/", replace=True),
        "description": Property(replace=True),
        "policy": Property(required=True, document="policy"),
    }

    def create(self, inputs: Props) -> str:
        response = self.client.create_policy(
            PolicyName=inputs["name"],
            Path=inputs["path"],
            Description=inputs.get("description", ""),
            PolicyDocument=inputs["policy"],
            Tags=tags.to_list(inputs["tags"]),
        )
        return str(response["Policy"]["Arn"])

    def read(self, resource_id: str, state: Props) -> Props:
        policy = self.client.get_policy(PolicyArn=resource_id)["Policy"]
        version = self.client.get_policy_version(PolicyArn=resource_id, VersionId=policy["DefaultVersionId"])
        return {
            **copy_fields(policy, "arn", "path", "policyId"),
            "name": policy["PolicyName"],
            "description": policy.get("Description") or None,
            "policy": json.dumps(version["PolicyVersion"]["Document"]),
            "tags": tags.from_list(policy.get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if "policy" in changed:
            self._delete_versions(resource_id, keep=_MAXIMUM_VERSIONS - 1)
            self.client.create_policy_version(
                PolicyArn=resource_id, PolicyDocument=new["policy"], SetAsDefault=True
            )

    def delete(self, resource_id: str, state: Props) -> None:
        self._delete_versions(resource_id, keep=1)
        self.client.delete_policy(PolicyArn=resource_id)

    def _delete_versions(self, arn: str, keep: int) -> None:
        """Delete old versions: IAM limits their number, and only a policy with one version can be deleted."""
        versions = self.client.list_policy_versions(PolicyArn=arn)["Versions"]
        candidates = sorted((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: v["CreateDate"])
        for version in candidates[: max(0, len(versions) - keep)]:
            self.client.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


class Role(Resource):
    """A role; its id is its name."""

    pulumi_type = "aws:iam/role:Role"
    tag_api = TagApi("RoleName", by_arn=False, put="tag_role", remove="untag_role")
    identity = ("name",)
    properties: ClassVar = {
        **TAGS,
        "name": Property(autoname=True, replace=True),
        "path": Property("/", replace=True),
        "description": Property(""),
        "assumeRolePolicy": Property(required=True, document="policy"),
        "maxSessionDuration": Property(3600),
        "permissionsBoundary": Property(),
        "managedPolicyArns": Property(computed=True, unordered=True),
        "forceDetachPolicies": Property(False),
    }

    def create(self, inputs: Props) -> str:
        self.client.create_role(
            RoleName=inputs["name"],
            Path=inputs["path"],
            Description=inputs["description"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            MaxSessionDuration=inputs["maxSessionDuration"],
            Tags=tags.to_list(inputs["tags"]),
            **without_empty({"PermissionsBoundary": inputs.get("permissionsBoundary")}),
        )
        return str(inputs["name"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        self._attach(resource_id, set(), set(inputs.get("managedPolicyArns") or []))

    def read(self, resource_id: str, state: Props) -> Props:
        role = self.client.get_role(RoleName=resource_id)["Role"]
        return {
            **copy_fields(role, "arn", "path"),
            "name": role["RoleName"],
            "uniqueId": role["RoleId"],
            "createDate": role["CreateDate"].isoformat(),
            # The emulator cannot remove a description, so a removed description is not read.
            "description": role.get("Description", "") if state.get("description", "?") else "",
            "assumeRolePolicy": json.dumps(role["AssumeRolePolicyDocument"]),
            "maxSessionDuration": role.get("MaxSessionDuration", 3600),
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "managedPolicyArns": sorted(self._attached(resource_id)),
            "tags": tags.from_list(role.get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        name: dict[str, Any] = {"RoleName": resource_id}
        if "assumeRolePolicy" in changed:
            self.client.update_assume_role_policy(**name, PolicyDocument=new["assumeRolePolicy"])
        if changed & {"description", "maxSessionDuration"}:
            seconds = new["maxSessionDuration"]
            self.client.update_role(**name, Description=new["description"], MaxSessionDuration=seconds)
        if "permissionsBoundary" in changed:
            if boundary := new.get("permissionsBoundary"):
                self.client.put_role_permissions_boundary(**name, PermissionsBoundary=boundary)
            else:
                self.client.delete_role_permissions_boundary(**name)
        if "managedPolicyArns" in changed:
            self._attach(resource_id, self._attached(resource_id), set(new["managedPolicyArns"]))

    def delete(self, resource_id: str, state: Props) -> None:
        self._attach(resource_id, self._attached(resource_id), set())
        if state.get("forceDetachPolicies"):
            for policy in self.client.list_role_policies(RoleName=resource_id)["PolicyNames"]:
                self.client.delete_role_policy(RoleName=resource_id, PolicyName=policy)
        self.client.delete_role(RoleName=resource_id)

    def _attached(self, role: str) -> set[str]:
        response = self.client.list_attached_role_policies(RoleName=role)
        return {policy["PolicyArn"] for policy in response["AttachedPolicies"]}

    def _attach(self, role: str, old: set[str], new: set[str]) -> None:
        for arn in sorted(old - new):
            self.client.detach_role_policy(RoleName=role, PolicyArn=arn)
        for arn in sorted(new - old):
            self.client.attach_role_policy(RoleName=role, PolicyArn=arn)


class RolePolicy(PutResource):
    """An inline policy of a role."""

    pulumi_type = "aws:iam/rolePolicy:RolePolicy"
    identity = ("role", "name")
    id_format = "{role}:{name}"
    properties: ClassVar = {
        "role": Property(required=True, replace=True),
        "name": Property(autoname=True, replace=True),
        "policy": Property(required=True, document="policy"),
    }

    def put(self, inputs: Props) -> None:
        name, document = inputs["name"], inputs["policy"]
        self.client.put_role_policy(RoleName=inputs["role"], PolicyName=name, PolicyDocument=document)

    def read(self, resource_id: str, state: Props) -> Props:
        role, name = resource_id.split(":", 1)
        document = self.client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        return {"role": role, "name": name, "policy": json.dumps(document)}

    def delete(self, resource_id: str, state: Props) -> None:
        role, name = resource_id.split(":", 1)
        self.client.delete_role_policy(RoleName=role, PolicyName=name)
