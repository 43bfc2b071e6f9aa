"""CloudWatch Logs: log groups."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.errors import error_code
from local.plugin.properties import Property
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Props


class LogGroup(Resource):
    """A log group; its id is its name."""

    pulumi_type = "aws:cloudwatch/logGroup:LogGroup"
    identity = ("name",)
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "name": Property(autoname=True, replace=True),
        "logGroupClass": Property("STANDARD", replace=True),
        "retentionInDays": Property(0),
        "kmsKeyId": Property(),
        "skipDestroy": Property(False),
        "deletionProtectionEnabled": Property(False, only=(False,)),
    }

    def create(self, inputs: Props) -> str:
        key = inputs.get("kmsKeyId")
        self._logs.create_log_group(
            logGroupName=inputs["name"],
            logGroupClass=inputs["logGroupClass"],
            tags=inputs["tags"],
            **({"kmsKeyId": key} if key else {}),
        )
        return str(inputs["name"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        if inputs["retentionInDays"]:
            days = inputs["retentionInDays"]
            self._logs.put_retention_policy(logGroupName=resource_id, retentionInDays=days)

    def read(self, resource_id: str, state: Props) -> Props | None:
        groups = self._logs.describe_log_groups(logGroupNamePrefix=resource_id)["logGroups"]
        group = next((entry for entry in groups if entry["logGroupName"] == resource_id), None)
        if group is None:
            return None
        arn = group["arn"].removesuffix(":*")
        return {
            "name": resource_id,
            "arn": arn,
            "logGroupClass": group.get("logGroupClass", "STANDARD"),
            "retentionInDays": group.get("retentionInDays", 0),
            "kmsKeyId": group.get("kmsKeyId"),
            "tags": self._logs.list_tags_for_resource(resourceArn=arn).get("tags", {}),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if "kmsKeyId" in changed:
            self._change_key(resource_id, old, new)
        if "retentionInDays" in changed:
            self.configure(resource_id, new)
            if not new["retentionInDays"]:
                self._logs.delete_retention_policy(logGroupName=resource_id)
        tags.update_tags(
            old["tags"],
            new["tags"],
            put=lambda added: self._logs.tag_resource(resourceArn=old["arn"], tags=added),
            remove=lambda names: self._logs.untag_resource(resourceArn=old["arn"], tagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        if not state.get("skipDestroy"):
            self._logs.delete_log_group(logGroupName=resource_id)

    def _change_key(self, name: str, old: Props, new: Props) -> None:
        key = new.get("kmsKeyId")
        try:
            if key:
                self._logs.associate_kms_key(logGroupName=name, kmsKeyId=key)
            else:
                self._logs.disassociate_kms_key(logGroupName=name)
        except Exception as error:
            if error_code(error) != "InvalidOperationException":
                raise
            # The emulator lacks these two operations. The new group has the key, but its log events are lost.
            self._logs.delete_log_group(logGroupName=name)
            self.create({**new, "tags": old["tags"]})
            self.configure(name, new)

    @property
    def _logs(self) -> Any:
        return self.aws.client("logs")


RESOURCES = (LogGroup,)
