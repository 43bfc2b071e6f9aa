"""DynamoDB: tables with on-demand capacity."""

from typing import Any, ClassVar

from local.plugin import tags
from local.plugin.properties import Property, capitalize, from_api, to_api
from local.plugin.resource import REGION_AND_TAGS, Resource
from local.plugin.tags import TagApi
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
    """A table with on-demand capacity and without secondary indexes; its id is its name."""

    pulumi_type = "aws:dynamodb/table:Table"
    tag_api = TagApi("ResourceArn", read="list_tags_of_resource")
    identity = ("name",)
    changing_outputs: ClassVar = {
        "streamEnabled": ("streamArn", "streamLabel"),
        "streamViewType": ("streamArn", "streamLabel"),
    }
    properties: ClassVar = {
        **REGION_AND_TAGS,
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
        # The embedded AWS does not return this value, so the state keeps the declared value.
        "warmThroughput": Property(computed=True, fields=_WARM),
    }

    def create(self, inputs: Props) -> str:
        keys = [(inputs["hashKey"], "HASH"), (inputs.get("rangeKey"), "RANGE")]
        attributes = [to_api(_ATTRIBUTE, attribute) for attribute in inputs["attributes"]]
        self.client.create_table(
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
            self._set_recovery(resource_id, inputs)
        if inputs["ttl"].get("enabled"):
            self._set_ttl(resource_id, inputs["ttl"])

    def read(self, resource_id: str, state: Props) -> Props:
        table = self.client.describe_table(TableName=resource_id)["Table"]
        arn = table["TableArn"]
        stream = table.get("StreamSpecification", {})
        keys = {key["KeyType"]: key["AttributeName"] for key in table["KeySchema"]}
        return {
            "name": resource_id,
            "arn": arn,
            "billingMode": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "hashKey": keys["HASH"],
            "rangeKey": keys.get("RANGE"),
            "attributes": [from_api(_ATTRIBUTE, attribute) for attribute in table["AttributeDefinitions"]],
            "streamEnabled": stream.get("StreamEnabled", False),
            "streamViewType": stream.get("StreamViewType"),
            "streamArn": table.get("LatestStreamArn"),
            "streamLabel": table.get("LatestStreamLabel"),
            "serverSideEncryption": _read_encryption(table.get("SSEDescription", {})),
            "pointInTimeRecovery": self._read_recovery(resource_id, state),
            "ttl": self._read_ttl(resource_id),
            "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
            "tableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
            "warmThroughput": state.get("warmThroughput"),
            "tags": self.read_tags(arn),
        }

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        if changed & {"streamEnabled", "streamViewType"}:
            self._replace_stream(resource_id, old, new)
        # DynamoDB accepts one change per call, and only while the table is active.
        for name in changed & {"deletionProtectionEnabled", "tableClass"}:
            self._update_table(resource_id, **{capitalize(name): new[name]})
        if "serverSideEncryption" in changed:
            self._update_table(resource_id, SSESpecification=_encryption(new))
        if "pointInTimeRecovery" in changed:
            self._set_recovery(resource_id, new)
        if "ttl" in changed:
            self._update_ttl(resource_id, old, new)

    def delete(self, resource_id: str, state: Props) -> None:
        self.client.delete_table(TableName=resource_id)
        self.client.get_waiter("table_not_exists").wait(TableName=resource_id, WaiterConfig={"Delay": 1})

    def _replace_stream(self, name: str, old: Props, new: Props) -> None:
        # DynamoDB cannot change the view type of a stream.
        if old.get("streamEnabled"):
            self._update_table(name, StreamSpecification={"StreamEnabled": False})
        if new["streamEnabled"]:
            self._update_table(name, StreamSpecification=_stream(new))

    def _update_ttl(self, name: str, old: Props, new: Props) -> None:
        before, after = old.get("ttl") or {}, new["ttl"]
        if before.get("enabled") and before.get("attributeName") != after.get("attributeName"):
            self._set_ttl(name, {**before, "enabled": False})
        if after.get("enabled") or (before.get("enabled") and after.get("attributeName")):
            self._set_ttl(name, after)

    def _set_ttl(self, name: str, ttl: Props) -> None:
        self.client.update_time_to_live(TableName=name, TimeToLiveSpecification=to_api(_TTL, ttl))

    def _set_recovery(self, name: str, inputs: Props) -> None:
        specification = to_api(_RECOVERY, inputs["pointInTimeRecovery"])
        self.client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=specification)

    def _read_recovery(self, name: str, state: Props) -> Props:
        backups = self.client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        described = backups.get("PointInTimeRecoveryDescription", {})
        enabled = described.get("PointInTimeRecoveryStatus") == "ENABLED"
        declared = (state.get("pointInTimeRecovery") or {}).get("recoveryPeriodInDays")
        days = described.get("RecoveryPeriodInDays", declared)
        return {"enabled": enabled, **({"recoveryPeriodInDays": days} if enabled and days else {})}

    def _read_ttl(self, name: str) -> Props:
        described = self.client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        enabled = described.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
        return {"enabled": enabled, **({"attributeName": described["AttributeName"]} if enabled else {})}

    def _update_table(self, name: str, **change: Any) -> None:
        self.client.update_table(TableName=name, **change)
        self._wait_until_active(name)

    def _wait_until_active(self, name: str) -> None:
        self.client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


def _stream(inputs: Props) -> dict[str, Any]:
    return {"StreamEnabled": True, "StreamViewType": inputs.get("streamViewType")}


def _encryption(inputs: Props) -> dict[str, Any]:
    declared = inputs["serverSideEncryption"]
    if not declared["enabled"]:
        return {"Enabled": False}
    key = declared.get("kmsKeyArn")
    return {"Enabled": True, "SSEType": "KMS", **({"KMSMasterKeyId": key} if key else {})}


def _read_encryption(described: dict[str, Any]) -> Props:
    if described.get("Status") not in ("ENABLED", "ENABLING", "UPDATING"):
        return {"enabled": False}
    return {"enabled": True, "kmsKeyArn": described["KMSMasterKeyArn"]}
