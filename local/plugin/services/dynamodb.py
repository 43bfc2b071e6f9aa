"""DynamoDB: tables on demand."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property, from_api, to_api
from local.plugin.resource import REGION, TAGS, Resource
from local.plugin.values import Props

_ATTRIBUTE = {
    "name": Property(required=True, api="AttributeName"),
    "type": Property(required=True, api="AttributeType"),
}
_TTL = {"attributeName": Property(""), "enabled": Property(False)}
_RECOVERY = {
    "enabled": Property(required=True, api="PointInTimeRecoveryEnabled"),
    "recoveryPeriodInDays": Property(computed=True),
}
_WARM = {"readUnitsPerSecond": Property(computed=True), "writeUnitsPerSecond": Property(computed=True)}
_ENCRYPTION = {"enabled": Property(required=True), "kmsKeyArn": Property(computed=True)}


class Table(Resource):
    """A table without secondary indexes, billed by request; its id is its name."""

    pulumi_type = "aws:dynamodb/table:Table"
    identity = ("name",)
    settled_by: ClassVar = {
        "streamEnabled": ("streamArn", "streamLabel"),
        "streamViewType": ("streamArn", "streamLabel"),
    }
    properties: ClassVar = {
        **REGION,
        **TAGS,
        "name": Property(autoname=True, replace=True),
        "billingMode": Property(required=True, only=("PAY_PER_REQUEST",)),
        "hashKey": Property(required=True, replace=True),
        "rangeKey": Property(replace=True),
        "attributes": Property(required=True, replace=True, unordered=True, fields=_ATTRIBUTE),
        "streamEnabled": Property(False),
        "streamViewType": Property(computed=True),
        "serverSideEncryption": Property({"enabled": False}, fields=_ENCRYPTION),
        "pointInTimeRecovery": Property({"enabled": False}, fields=_RECOVERY),
        "ttl": Property({"enabled": False}, fields=_TTL),
        "deletionProtectionEnabled": Property(False),
        "tableClass": Property("STANDARD"),
        # The embedded AWS has no limits, and does not show it: what was declared stays in the state.
        "warmThroughput": Property(computed=True, fields=_WARM),
    }

    def create(self, inputs: Props) -> str:
        keys = [(inputs["hashKey"], "HASH"), (inputs.get("rangeKey"), "RANGE")]
        attributes = [to_api(_ATTRIBUTE, attribute) for attribute in inputs["attributes"]]
        self._db.create_table(
            TableName=inputs["name"],
            BillingMode=inputs["billingMode"],
            AttributeDefinitions=attributes,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys if name],
            DeletionProtectionEnabled=inputs["deletionProtectionEnabled"],
            TableClass=inputs["tableClass"],
            Tags=tags.to_list(inputs["tags"]),
            **({"StreamSpecification": _stream(inputs)} if inputs["streamEnabled"] else {}),
            **(
                {"SSESpecification": _encryption(inputs)} if inputs["serverSideEncryption"]["enabled"] else {}
            ),
        )
        return str(inputs["name"])

    def configure(self, resource_id: str, inputs: Props) -> None:
        self._wait_until_active(resource_id)
        if inputs["pointInTimeRecovery"]["enabled"]:
            self._recover(resource_id, inputs)
        if inputs["ttl"].get("enabled"):
            self._expire(resource_id, inputs["ttl"])

    def read(self, resource_id: str, state: Props) -> Props:
        table = self._db.describe_table(TableName=resource_id)["Table"]
        arn = table["TableArn"]
        stream = table.get("StreamSpecification", {})
        keys = {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]}
        return {
            "name": resource_id,
            "arn": arn,
            "billingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "hashKey": keys["HASH"],
            "rangeKey": keys.get("RANGE"),
            "attributes": [from_api(_ATTRIBUTE, one) for one in table["AttributeDefinitions"]],
            "streamEnabled": stream.get("StreamEnabled", False),
            "streamViewType": stream.get("StreamViewType"),
            "streamArn": table.get("LatestStreamArn"),
            "streamLabel": table.get("LatestStreamLabel"),
            "serverSideEncryption": _shown_encryption(table.get("SSEDescription", {})),
            "pointInTimeRecovery": self._shown_recovery(resource_id, state),
            "ttl": self._shown_ttl(resource_id),
            "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
            "tableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
            "warmThroughput": state.get("warmThroughput"),
            "tags": tags.from_list(self._db.list_tags_of_resource(ResourceArn=arn).get("Tags")),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed & {"streamEnabled", "streamViewType"}:
            self._restream(resource_id, old, new)
        # One change a call, and each only on a table at rest, is what DynamoDB takes.
        simple = {"deletionProtectionEnabled": "DeletionProtectionEnabled", "tableClass": "TableClass"}
        for name in changed & simple.keys():
            self._change(resource_id, **{simple[name]: new[name]})
        if "serverSideEncryption" in changed:
            self._change(resource_id, SSESpecification=_encryption(new))
        if "pointInTimeRecovery" in changed:
            self._recover(resource_id, new)
        if "ttl" in changed:
            self._retime(resource_id, old, new)
        tags.change(
            old["tags"],
            new["tags"],
            put=lambda added: self._db.tag_resource(ResourceArn=old["arn"], Tags=tags.to_list(added)),
            remove=lambda names: self._db.untag_resource(ResourceArn=old["arn"], TagKeys=names),
        )

    def delete(self, resource_id: str, state: Props) -> None:
        self._db.delete_table(TableName=resource_id)
        self._db.get_waiter("table_not_exists").wait(TableName=resource_id, WaiterConfig={"Delay": 1})

    def _restream(self, name: str, old: Props, new: Props) -> None:
        """A stream's view type cannot be changed, only a stream with another be begun."""
        if old.get("streamEnabled"):
            self._change(name, StreamSpecification={"StreamEnabled": False})
        if new["streamEnabled"]:
            self._change(name, StreamSpecification=_stream(new))

    def _retime(self, name: str, old: Props, new: Props) -> None:
        before, after = old.get("ttl") or {}, new["ttl"]
        if before.get("enabled") and before.get("attributeName") != after.get("attributeName"):
            self._expire(name, {**before, "enabled": False})
        if after.get("enabled") or (before.get("enabled") and after.get("attributeName")):
            self._expire(name, after)

    def _expire(self, name: str, ttl: Props) -> None:
        self._db.update_time_to_live(TableName=name, TimeToLiveSpecification=to_api(_TTL, ttl))

    def _recover(self, name: str, inputs: Props) -> None:
        wanted = to_api(_RECOVERY, inputs["pointInTimeRecovery"])
        self._db.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted)

    def _shown_recovery(self, name: str, state: Props) -> Props:
        answer = self._db.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        described = answer.get("PointInTimeRecoveryDescription", {})
        enabled = described.get("PointInTimeRecoveryStatus") == "ENABLED"
        declared = (state.get("pointInTimeRecovery") or {}).get("recoveryPeriodInDays")
        days = described.get("RecoveryPeriodInDays", declared)
        return {"enabled": enabled, **({"recoveryPeriodInDays": days} if enabled and days else {})}

    def _shown_ttl(self, name: str) -> Props:
        described = self._db.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        enabled = described.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return {"enabled": enabled, **({"attributeName": described["AttributeName"]} if enabled else {})}

    def _change(self, name: str, **change: Any) -> None:
        self._db.update_table(TableName=name, **change)
        self._wait_until_active(name)

    def _wait_until_active(self, name: str) -> None:
        self._db.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})

    @property
    def _db(self) -> Any:
        return self.aws.client("dynamodb")


def _stream(inputs: Props) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": inputs.get("streamViewType")}


def _encryption(inputs: Props) -> dict[str, Any]:
    declared = inputs["serverSideEncryption"]
    if not declared["enabled"]:
        return {"Enabled": False}
    key = declared.get("kmsKeyArn")
    return {"Enabled": True, "SSEType": "KMS", **({"KMSMasterKeyId": key} if key else {})}


def _shown_encryption(described: dict[str, Any]) -> Props:
    if described.get("Status") not in ("ENABLED", "ENABLING", "UPDATING"):
        return {"enabled": False}
    return {"enabled": True, "kmsKeyArn": described["KMSMasterKeyArn"]}


RESOURCES = (Table,)
