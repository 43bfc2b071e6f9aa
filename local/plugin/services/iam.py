"""IAM: roles, their inline policies, and managed policies."""

import json
from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property
from local.plugin.resource import TAGS, Resource
from local.plugin.values import Props

_MAXIMUM_VERSIONS = 5


class _IamResource(Resource):
    @property
    def _iam(self) -> Any:
        return self.aws.client("iam")


class Policy(_IamResource):
    """A managed policy; its id is the ARN."""

    pulumi_type = "aws:iam/policy:Policy"
    identity = ("name", "path")
    properties: ClassVar = {
        **TAGS,
        "name": Property(autoname=True, replace=True),
        "path": Property("/", replace=True),
        "description": Property(replace=True),
        "policy": Property(required=True, document="policy"),
    }

    def create(self, inputs: Props) -> str:
        response = self._iam.create_policy(
            PolicyName=inputs["name"],
            Path=inputs["path"],
            Description=inputs.get("description", ""),
            PolicyDocument=inputs["policy"],
            Tags=tags.to_list(inputs["tags"]),
        )
        return str(response["Policy"]["Arn"])

    def read(self, resource_id: str, state: Props) -> Props:
        policy = self._iam.get_policy(PolicyArn=resource_id)["Policy"]
        version = self._iam.get_policy_version(PolicyArn=resource_id, VersionId=policy["DefaultVersionId"])
        return {
            "arn": policy["Arn"],
            "name": policy["PolicyName"],
            "path": policy["Path"],
            "description": policy.get("Description") or None,
            "policyId": policy["PolicyId"],
            "policy": json.dumps(version["PolicyVersion"]["Document"]),
            "tags": tags.from_list(policy.get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if "policy" in changed:
            self._delete_versions(resource_id, keep=_MAXIMUM_VERSIONS - 1)
            self._iam.create_policy_version(
                PolicyArn=resource_id, PolicyDocument=new["policy"], SetAsDefault=True
            )
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self._iam.tag_policy(PolicyArn=resource_id, Tags=tags.to_list(added)),
            remove=lambda names: self._iam.untag_policy(PolicyArn=resource_id, TagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        self._delete_versions(resource_id, keep=1)
        self._iam.delete_policy(PolicyArn=resource_id)

    def _delete_versions(self, arn: str, keep: int) -> None:
        """Delete old versions: IAM limits their number, and only a policy with one version can be deleted."""
        versions = self._iam.list_policy_versions(PolicyArn=arn)["Versions"]
        candidates = sorted((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: v["CreateDate"])
        for version in candidates[: max(0, len(versions) - keep)]:
            self._iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])


class Role(_IamResource):
    """A role; its id is its name."""

    pulumi_type = "aws:iam/role:Role"
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
        boundary = inputs.get("permissionsBoundary")
        self._iam.create_role(
            RoleName=inputs["name"],
            Path=inputs["path"],
            Description=inputs["description"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            MaxSessionDuration=inputs["maxSessionDuration"],
            Tags=tags.to_list(inputs["tags"]),
            **({"PermissionsBoundary": boundary} if boundary else {}),
        )
        return str(inputs["name"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        self._attach(resource_id, set(), set(inputs.get("managedPolicyArns") or []))

    def read(self, resource_id: str, state: Props) -> Props:
        role = self._iam.get_role(RoleName=resource_id)["Role"]
        return {
            "arn": role["Arn"],
            "name": role["RoleName"],
            "path": role["Path"],
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
            self._iam.update_assume_role_policy(**name, PolicyDocument=new["assumeRolePolicy"])
        if changed & {"description", "maxSessionDuration"}:
            seconds = new["maxSessionDuration"]
            self._iam.update_role(**name, Description=new["description"], MaxSessionDuration=seconds)
        if "permissionsBoundary" in changed:
            self._set_boundary(resource_id, new.get("permissionsBoundary"))
        if "managedPolicyArns" in changed and "managedPolicyArns" in new:
            self._attach(resource_id, self._attached(resource_id), set(new["managedPolicyArns"]))
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self._iam.tag_role(**name, Tags=tags.to_list(added)),
            remove=lambda names: self._iam.untag_role(**name, TagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        self._attach(resource_id, self._attached(resource_id), set())
        if state.get("forceDetachPolicies"):
            for policy in self._iam.list_role_policies(RoleName=resource_id)["PolicyNames"]:
                self._iam.delete_role_policy(RoleName=resource_id, PolicyName=policy)
        self._iam.delete_role(RoleName=resource_id)

    def _set_boundary(self, role: str, boundary: str | None) -> None:
        if boundary:
            self._iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
        else:
            self._iam.delete_role_permissions_boundary(RoleName=role)

    def _attached(self, role: str) -> set[str]:
        response = self._iam.list_attached_role_policies(RoleName=role)
        return {policy["PolicyArn"] for policy in response["AttachedPolicies"]}

    def _attach(self, role: str, old: set[str], new: set[str]) -> None:
        for arn in sorted(old - new):
            self._iam.detach_role_policy(RoleName=role, PolicyArn=arn)
        for arn in sorted(new - old):
            self._iam.attach_role_policy(RoleName=role, PolicyArn=arn)


class RolePolicy(_IamResource):
    """An inline policy of a role; its id is `role:name`."""

    pulumi_type = "aws:iam/rolePolicy:RolePolicy"
    identity = ("role", "name")
    properties: ClassVar = {
        "role": Property(required=True, replace=True),
        "name": Property(autoname=True, replace=True),
        "policy": Property(required=True, document="policy"),
    }

    def create(self, inputs: Props) -> str:
        self._put(inputs["role"], inputs["name"], inputs["policy"])
        return f"{inputs['role']}:{inputs['name']}"

    def read(self, resource_id: str, state: Props) -> Props:
        role, name = resource_id.split(":", 1)
        document = self._iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        return {"role": role, "name": name, "policy": json.dumps(document)}

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        self._put(new["role"], new["name"], new["policy"])

    def delete(self, resource_id: str, state: Props) -> None:
        role, name = resource_id.split(":", 1)
        self._iam.delete_role_policy(RoleName=role, PolicyName=name)

    def _put(self, role: str, name: str, document: str) -> None:
        self._iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)


RESOURCES = (Policy, Role, RolePolicy)
