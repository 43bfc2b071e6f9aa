"""Rules for EventBridge: buses, rules, targets and pipes."""

from policy.resource import Resource, Stack, arn_name
from policy.rule import rule

BUS = "aws:cloudwatch/eventBus:EventBus"
BUS_POLICY = "aws:cloudwatch/eventBusPolicy:EventBusPolicy"
BUS_PERMISSION = "aws:cloudwatch/eventPermission:EventPermission"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
PIPE = "aws:pipes/pipe:Pipe"
ARCHIVE = "aws:cloudwatch/eventArchive:EventArchive"
ROLE = "aws:iam/role:Role"
PERMISSION = "aws:lambda/permission:Permission"

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/eventbridge-controls.html"
GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide"


@rule(
    "events-bus-key",
    BUS,
    title="An event bus is encrypted with a customer-managed key",
    reason="Events contain transactions. The key's policy, and not only IAM, decides who reads them.",
    remedy="Set kmsKeyIdentifier.",
    link=f"{GUIDE}/eb-encryption-at-rest-cmkey.html",
    controls="C11",
)
def bus_is_encrypted(bus: Resource) -> bool:
    return bool(bus["kmsKeyIdentifier"])


@rule(
    "events-bus-dead-letter-queue",
    BUS,
    title="An encrypted event bus has a dead-letter queue",
    reason="EventBridge drops an event that it cannot encrypt or decrypt.",
    remedy="Set deadLetterConfig.arn.",
    link=f"{GUIDE}/eb-encryption-at-rest-dlq.html",
)
def bus_keeps_failures(bus: Resource) -> bool:
    return bool(bus["deadLetterConfig.arn"])


@rule(
    "events-bus-not-public",
    BUS_POLICY,
    title="The policy of an event bus allows nothing to everyone",
    reason="Anyone could announce transactions that do not exist.",
    remedy="Name the principals.",
    link=f"{GUIDE}/eb-event-bus-perms.html",
    controls="AwsSolutions-EVB1",
)
def bus_policy_is_not_public(policy: Resource) -> bool:
    return not any(statement.allows_everyone for statement in policy.statements())


@rule(
    "events-permission-not-public",
    BUS_PERMISSION,
    title="No permission lets everyone send events to a bus",
    reason="Anyone could announce transactions that do not exist.",
    remedy="Set principal to an account.",
    link=f"{GUIDE}/eb-event-bus-perms.html",
    controls="AwsSolutions-EVB1",
)
def permission_is_not_public(permission: Resource) -> bool:
    return permission["principal"] not in (None, "*")


@rule(
    "events-pattern",
    EVENT_RULE,
    title="A rule matches an event pattern and has no schedule",
    reason="A transaction is examined when it happens, and nothing runs without one.",
    remedy="Set eventPattern, and remove scheduleExpression.",
    link=f"{GUIDE}/eb-event-patterns.html",
    controls="C9",
)
def matches_pattern(event_rule: Resource) -> bool:
    return bool(event_rule["eventPattern"]) and not event_rule["scheduleExpression"]


@rule(
    "events-pattern-source",
    EVENT_RULE,
    title="The pattern of a rule names the source of events",
    reason="A pattern without a source matches events of every sender.",
    remedy="Add source to the pattern.",
    link=f"{GUIDE}/eb-event-patterns.html",
)
def names_source(event_rule: Resource) -> bool:
    return bool(event_rule.document("eventPattern").get("source"))


@rule(
    "events-inserts-only",
    EVENT_RULE,
    title="The rule for transactions matches inserted ones only",
    reason="A change of a stored transaction is not a second transaction.",
    remedy='Add detail.event_name with "INSERT" to the pattern.',
    link=f"{GUIDE}/eb-event-patterns.html",
    controls="R4",
)
def matches_inserts(event_rule: Resource) -> bool:
    if not event_rule["eventBusName"]:
        return True
    pattern = event_rule.document("eventPattern")
    return bool(pattern.get("detail", {}).get("event_name") == ["INSERT"])


@rule(
    "events-rule-enabled",
    EVENT_RULE,
    title="A rule is enabled",
    reason="Transactions would be stored and never examined.",
    remedy="Remove state and isEnabled.",
    link=f"{GUIDE}/eb-rules.html",
)
def rule_is_enabled(event_rule: Resource) -> bool:
    return event_rule["state"] in (None, "ENABLED") and event_rule["isEnabled"] is not False


@rule(
    "events-target-dead-letter-queue",
    TARGET,
    title="A target on the bus for transactions has a dead-letter queue",
    reason="EventBridge drops an event after its retries.",
    remedy="Set deadLetterConfig.arn.",
    link=f"{GUIDE}/eb-rule-dlq.html",
)
def target_keeps_failures(target: Resource) -> bool:
    return not target["eventBusName"] or bool(target["deadLetterConfig.arn"])


@rule(
    "events-target-permission",
    TARGET,
    title="A function that is a target permits the invocation",
    reason="EventBridge drops events that it may not deliver.",
    remedy="Declare a Permission for events.amazonaws.com with the ARN of the rule.",
    link=f"{GUIDE}/eb-use-resource-based.html",
)
def target_is_permitted(target: Resource, stack: Stack) -> bool:
    if ":lambda:" not in (target["arn"] or ""):
        return True
    return any(
        permission["principal"] == "events.amazonaws.com"
        and arn_name(permission["function"]) == arn_name(target["arn"])
        for permission in stack.of_type(PERMISSION)
    )


@rule(
    "pipe-inserts-only",
    PIPE,
    title="A pipe forwards inserted items only",
    reason="Updates of a decision or a label are not new transactions, and cost events.",
    remedy='Filter on eventName "INSERT".',
    link=f"{GUIDE}/eb-pipes-event-filtering.html",
    controls="R4",
)
def pipes_inserts(pipe: Resource) -> bool:
    filters = pipe.values("sourceParameters.filterCriteria.filters")
    return bool(filters) and all('"INSERT"' in item["pattern"] for item in filters)


@rule(
    "pipe-dead-letter-queue",
    PIPE,
    title="A pipe has a dead-letter queue",
    reason="A record that cannot be delivered would block its shard, or be lost.",
    remedy="Set deadLetterConfig.arn of the source parameters.",
    link=f"{GUIDE}/eb-pipes-dynamodb.html",
)
def pipe_keeps_failures(pipe: Resource) -> bool:
    return bool(pipe["sourceParameters.dynamodbStreamParameters.deadLetterConfig.arn"])


@rule(
    "pipe-no-data-log",
    PIPE,
    title="The log of a pipe contains no execution data",
    reason="Execution data is the transaction itself.",
    remedy="Remove includeExecutionDatas of logConfiguration.",
    link=f"{GUIDE}/eb-pipes-logs.html",
)
def pipe_logs_no_data(pipe: Resource) -> bool:
    return not pipe["logConfiguration.includeExecutionDatas"]


@rule(
    "pipe-own-role",
    PIPE,
    title="A pipe has a role that the stack declares",
    reason="The role reads one stream and sends to one bus.",
    remedy="Declare a Role, and set roleArn.",
    link=f"{GUIDE}/eb-pipes-permissions.html",
    controls="R10",
)
def pipe_has_own_role(pipe: Resource, stack: Stack) -> bool:
    return any(role["name"] == arn_name(pipe["roleArn"]) for role in stack.of_type(ROLE))


@rule(
    "events-no-archive",
    ARCHIVE,
    title="Events are not archived",
    reason="An archive keeps transactions without the TTL of the table. Replays read the table.",
    remedy="Remove the archive.",
    link=f"{GUIDE}/eb-archive.html",
)
def is_not_archived(_: Resource) -> bool:
    return False
