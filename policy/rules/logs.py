"""Rules for log groups, traces and alarms."""

import re

from policy.resource import Resource, Stack
from policy.rule import rule

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
SUBSCRIPTION_FILTER = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
FUNCTION = "aws:lambda/function:Function"
QUEUE = "aws:sqs/queue:Queue"

GUIDE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs"
ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring"
RETENTION_DAYS = 7
_FUNCTION_LOGS = "/aws/lambda/"


@rule(
    "logs-retention",
    LOG_GROUP,
    title="A log group keeps events for a limited time",
    reason="Logs without an end collect personal data and costs.",
    remedy="Set retentionInDays.",
    link=f"{GUIDE}/Working-with-log-groups-and-streams.html",
    controls="CKV_AWS_66",
)
def has_retention(group: Resource) -> bool:
    return (group["retentionInDays"] or 0) > 0


@rule(
    "logs-function-retention",
    LOG_GROUP,
    title="The log of a function is kept for 7 days",
    reason="The log serves the repair of faults. Decisions are recorded in the table.",
    remedy="Set retentionInDays to 7.",
    link=f"{GUIDE}/Working-with-log-groups-and-streams.html",
    controls="R11",
)
def keeps_function_logs(group: Resource) -> bool:
    is_function = (group["name"] or "").startswith(_FUNCTION_LOGS)
    return not is_function or bool(group["retentionInDays"] == RETENTION_DAYS)


@rule(
    "logs-key",
    LOG_GROUP,
    title="A log group is encrypted with a customer-managed key",
    reason="The key's policy, and not only IAM, decides who reads logs.",
    remedy="Set kmsKeyId.",
    link=f"{GUIDE}/encrypt-log-data-kms.html",
    controls="C11 CKV_AWS_158",
)
def is_encrypted(group: Resource) -> bool:
    return bool(group["kmsKeyId"])


@rule(
    "logs-deleted-with-stack",
    LOG_GROUP,
    title="A log group is deleted with its stack",
    reason="Logs that no stack owns keep personal data without anyone who answers for it.",
    remedy="Remove skipDestroy.",
    link="https://www.pulumi.com/registry/packages/aws/api-docs/cloudwatch/loggroup/",
)
def is_deleted_with_stack(group: Resource) -> bool:
    return not group["skipDestroy"]


@rule(
    "logs-function-exists",
    LOG_GROUP,
    title="The log group of a function belongs to a function of the stack",
    reason="A log group without a function is forgotten.",
    remedy="Remove the log group, or correct its name.",
    link=f"{GUIDE}/Working-with-log-groups-and-streams.html",
    controls="R11",
)
def belongs_to_function(group: Resource, stack: Stack) -> bool:
    name = group["name"] or ""
    return not name.startswith(_FUNCTION_LOGS) or any(
        name.removeprefix(_FUNCTION_LOGS) == function["name"] for function in stack.of_type(FUNCTION)
    )


@rule(
    "logs-not-forwarded",
    SUBSCRIPTION_FILTER,
    title="Logs are not forwarded",
    reason="A copy elsewhere has a retention and readers of its own.",
    remedy="Query the log group with CloudWatch Logs Insights.",
    link=f"{GUIDE}/SubscriptionFilters.html",
)
def is_not_forwarded(_: Resource) -> bool:
    return False


@rule(
    "alarm-notifies",
    COMPOSITE_ALARM,
    title="A composite alarm notifies a topic",
    reason="An alarm that no one receives protects nothing.",
    remedy="Set alarmActions to the ARN of a topic.",
    link=f"{ALARMS}/Create_Composite_Alarm.html",
)
def notifies(alarm: Resource) -> bool:
    return bool(alarm["alarmActions"])


@rule(
    "alarm-enabled",
    METRIC_ALARM,
    COMPOSITE_ALARM,
    title="The actions of an alarm are enabled",
    reason="Someone who switched an alarm off forgets to switch it on.",
    remedy="Remove actionsEnabled.",
    link=f"{ALARMS}/AlarmThatSendsEmail.html",
)
def is_enabled(alarm: Resource) -> bool:
    return alarm["actionsEnabled"] is not False


@rule(
    "alarm-described",
    COMPOSITE_ALARM,
    title="The description of an alarm names its runbook",
    reason="Whoever is woken at night finds what to do.",
    remedy="End alarmDescription with the path of a file in docs/runbooks.",
    link=f"{ALARMS}/Create_Composite_Alarm.html",
)
def names_runbook(alarm: Resource) -> bool:
    return bool(re.search(r"docs/runbooks/[\w-]+\.md", alarm["alarmDescription"] or ""))


@rule(
    "alarm-dead-letter-queue",
    QUEUE,
    title="Each queue for failures has an alarm",
    reason="A failed message is examined before the queue drops it after 14 days.",
    remedy="Declare a MetricAlarm on ApproximateNumberOfMessagesVisible with the dimension QueueName.",
    link="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html",
)
def failures_are_watched(queue: Resource, stack: Stack) -> bool:
    if queue["redrivePolicy"]:
        return True
    return any(queue["name"] in _watched_queues(alarm) for alarm in stack.of_type(METRIC_ALARM))


def _watched_queues(alarm: Resource) -> list[str]:
    dimensions = [alarm["dimensions"]]
    dimensions += [(query.get("metric") or {}).get("dimensions") for query in alarm.values("metricQueries")]
    return [item["QueueName"] for item in dimensions if item and "QueueName" in item]
