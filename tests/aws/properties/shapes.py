"""Inputs of Pulumi resources in the structure of CloudFormation, where the two differ in more than names."""

from collections.abc import Mapping
from typing import Any

from tests.aws.properties.errors import ConversionError

Inputs = Mapping[str, Any]


def without(inputs: Inputs, *keys: str) -> dict[str, Any]:
    """A copy without these keys."""
    return {key: value for key, value in inputs.items() if key not in keys}


def only(key: str, inputs: Inputs) -> Any:
    """The value of the only input; raises ConversionError for any other one."""
    if others := without(inputs, key):
        raise ConversionError(
            f"{sorted(others)} would be left out next to '{key}': extend the shape in {__file__}"
        )
    return inputs[key]


def table(inputs: Inputs) -> Inputs:
    """Key, encryption, stream, recovery and time to live of a table."""
    shaped = without(
        inputs, "attributes", "hashKey", "rangeKey", "streamEnabled", "streamViewType", "pointInTimeRecovery",
        "serverSideEncryption", "ttl",
    )  # fmt: skip
    shaped["attributeDefinitions"] = [
        {"attributeName": each["name"], "attributeType": each["type"]} for each in inputs["attributes"]
    ]
    keys = {"HASH": inputs.get("hashKey"), "RANGE": inputs.get("rangeKey")}
    shaped["keySchema"] = [
        {"attributeName": name, "keyType": type_} for type_, name in keys.items() if name is not None
    ]
    if inputs.get("streamEnabled"):
        shaped["streamSpecification"] = {"streamViewType": inputs["streamViewType"]}
    if "ttl" in inputs:
        shaped["timeToLiveSpecification"] = inputs["ttl"]
    if "pointInTimeRecovery" in inputs:
        shaped["pointInTimeRecoverySpecification"] = _prefix(
            "pointInTimeRecovery", inputs["pointInTimeRecovery"]
        )
    if "serverSideEncryption" in inputs:
        shaped["sseSpecification"] = _encryption(inputs["serverSideEncryption"])
    return shaped


def _encryption(inputs: Inputs) -> Inputs:
    shaped = {"sseEnabled": inputs["enabled"], **without(inputs, "enabled", "kmsKeyArn")}
    if "kmsKeyArn" in inputs:
        shaped |= {"sseType": "KMS", "kmsMasterKeyId": inputs["kmsKeyArn"]}
    return shaped


def _prefix(prefix: str, inputs: Inputs) -> Inputs:
    return {f"{prefix}{key[0].upper()}{key[1:]}": value for key, value in inputs.items()}


def function(inputs: Inputs) -> Inputs:
    """Pulumi uploads the package itself, so a place in S3 stands for it."""
    return {**inputs, "code": {"s3Bucket": "packages", "s3Key": "function.zip"}}


def event_invoke_config(inputs: Inputs) -> Inputs:
    """CloudFormation wants the qualifier that Pulumi and AWS take as the default."""
    return {"qualifier": "$LATEST", **inputs}


def method_settings(inputs: Inputs) -> Inputs:
    """`transactions/POST` is a resource path, whose slashes are escaped, and a method."""
    path, _, method = inputs["methodPath"].rpartition("/")
    escaped = "/*" if path == "*" else "/~1" + path.replace("/", "~1")
    others = without(inputs, "methodPath", "settings")
    return {"resourcePath": escaped, "httpMethod": method, **inputs["settings"], **others}


def budget(inputs: Inputs) -> Inputs:
    """A budget in one property, its notifications with their topics in another."""
    return {
        **without(
            inputs, "name", "budgetType", "timeUnit", "limitAmount", "limitUnit", "notifications", "tags"
        ),
        "budget": {
            "budgetName": inputs["name"],
            "budgetType": inputs["budgetType"],
            "timeUnit": inputs["timeUnit"],
            "budgetLimit": {"amount": float(inputs["limitAmount"]), "unit": inputs["limitUnit"]},
        },
        "notificationsWithSubscribers": [
            {
                "notification": without(each, "subscriberSnsTopicArns"),
                "subscribers": [
                    {"subscriptionType": "SNS", "address": topic} for topic in each["subscriberSnsTopicArns"]
                ],
            }
            for each in inputs["notifications"]
        ],
        "resourceTags": inputs["tags"],
    }


def metric_alarm(inputs: Inputs) -> Inputs:
    """A metric of an expression has its period and statistic outside of it."""
    if "metricQueries" not in inputs:
        return inputs
    return {**inputs, "metricQueries": [_query(query) for query in inputs["metricQueries"]]}


def _query(query: Inputs) -> Inputs:
    metric = query.get("metric")
    if metric is None:
        return query
    stat = {"metric": without(metric, "period", "stat"), "period": metric["period"], "stat": metric["stat"]}
    return {**without(query, "metric"), "metricStat": stat}
