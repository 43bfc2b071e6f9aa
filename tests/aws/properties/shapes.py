"""Conversions of Pulumi inputs whose structure differs from CloudFormation."""

from collections.abc import Mapping
from typing import Any

from tests.aws.properties.errors import ConversionError

Inputs = Mapping[str, Any]


def omit_keys(inputs: Inputs, *keys: str) -> dict[str, Any]:
    """A copy without these keys."""
    return {key: value for key, value in inputs.items() if key not in keys}


def take_only(key: str, inputs: Inputs) -> Any:
    """The value of the only input. Raises ConversionError for further inputs."""
    if further := omit_keys(inputs, key):
        raise ConversionError(
            f"{sorted(further)} have no conversion next to '{key}'. Extend the function in {__file__}"
        )
    return inputs[key]


def shape_table(inputs: Inputs) -> Inputs:
    """The keys, encryption, stream, recovery and time to live of a table."""
    shaped = omit_keys(
        inputs, "attributes", "hashKey", "rangeKey", "streamEnabled", "streamViewType", "pointInTimeRecovery",
        "serverSideEncryption", "ttl",
    )  # fmt: skip
    shaped["attributeDefinitions"] = [
        {"attributeName": attribute["name"], "attributeType": attribute["type"]}
        for attribute in inputs["attributes"]
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
        shaped["pointInTimeRecoverySpecification"] = _prefix_keys(
            "pointInTimeRecovery", inputs["pointInTimeRecovery"]
        )
    if "serverSideEncryption" in inputs:
        shaped["sseSpecification"] = _shape_encryption(inputs["serverSideEncryption"])
    return shaped


def _shape_encryption(inputs: Inputs) -> Inputs:
    shaped = {"sseEnabled": inputs["enabled"], **omit_keys(inputs, "enabled", "kmsKeyArn")}
    if "kmsKeyArn" in inputs:
        shaped |= {"sseType": "KMS", "kmsMasterKeyId": inputs["kmsKeyArn"]}
    return shaped


def _prefix_keys(prefix: str, inputs: Inputs) -> Inputs:
    return {f"{prefix}{key[0].upper()}{key[1:]}": value for key, value in inputs.items()}


def shape_function(inputs: Inputs) -> Inputs:
    """The package as an object in S3: the signed one, or any, because Pulumi uploads the package itself."""
    code = {"s3Bucket": inputs.get("s3Bucket", "packages"), "s3Key": inputs.get("s3Key", "function.zip")}
    return {**omit_keys(inputs, "s3Bucket", "s3Key"), "code": code}


def shape_event_invoke_config(inputs: Inputs) -> Inputs:
    """The qualifier, which is required in CloudFormation and has a default in Pulumi."""
    return {"qualifier": "$LATEST", **inputs}


def shape_method_settings(inputs: Inputs) -> Inputs:
    """A method path such as `transactions/POST` as a resource path with escaped slashes and a method.

    The path of a nested resource is escaped already: `~1transactions~1batch/POST`.
    """
    path, _, method = inputs["methodPath"].rpartition("/")
    escaped = "/*" if path == "*" else "/~1" + path.removeprefix("~1")
    further = omit_keys(inputs, "methodPath", "settings")
    return {"resourcePath": escaped, "httpMethod": method, **inputs["settings"], **further}


def shape_budget(inputs: Inputs) -> Inputs:
    """The budget in one property, its notifications with their topics in another."""
    return {
        **omit_keys(
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
                "notification": omit_keys(notification, "subscriberSnsTopicArns"),
                "subscribers": [
                    {"subscriptionType": "SNS", "address": topic}
                    for topic in notification["subscriberSnsTopicArns"]
                ],
            }
            for notification in inputs["notifications"]
        ],
        "resourceTags": inputs["tags"],
    }


def shape_sampling_rule(inputs: Inputs) -> Inputs:
    """The rule in one property, apart from its tags."""
    return {"samplingRule": omit_keys(inputs, "tags"), "tags": inputs["tags"]}


def shape_web_acl(inputs: Inputs) -> Inputs:
    """The bodies of responses by key. The schema has no properties to convert under keys of choice."""
    bodies = {
        body["key"]: {"Content": body["content"], "ContentType": body["contentType"]}
        for body in inputs["customResponseBodies"]
    }
    return {**inputs, "customResponseBodies": bodies}


def shape_metric_alarm(inputs: Inputs) -> Inputs:
    """The metrics of an expression, with period and statistic outside of the metric."""
    if "metricQueries" not in inputs:
        return inputs
    return {**inputs, "metricQueries": [_shape_query(query) for query in inputs["metricQueries"]]}


def _shape_query(query: Inputs) -> Inputs:
    metric = query.get("metric")
    if metric is None:
        return query
    stat = {"metric": omit_keys(metric, "period", "stat"), "period": metric["period"], "stat": metric["stat"]}
    return {**omit_keys(query, "metric"), "metricStat": stat}
