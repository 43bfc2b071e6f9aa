"""Rules for SQS queues."""

from policy.resource import Resource, Stack, arn_name
from policy.rule import rule

QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
REDRIVE_ALLOW = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
BUS = "aws:cloudwatch/eventBus:EventBus"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
PIPE = "aws:pipes/pipe:Pipe"

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/sqs-controls.html"
GUIDE = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide"
LONGEST_RETENTION_SECONDS = 1_209_600
VISIBILITY_SECONDS = 360
_REDRIVE = "redrivePolicy"


@rule(
    "sqs-key",
    QUEUE,
    title="A queue is encrypted with a customer-managed key",
    reason="Messages contain transactions. The key's policy, and not only IAM, decides who reads them.",
    remedy="Set kmsMasterKeyId to a key of the stack.",
    link=f"{SECURITY_HUB}#sqs-1",
    controls="C11 SQS.1 AwsSolutions-SQS2 CKV_AWS_27",
)
def is_encrypted(queue: Resource) -> bool:
    return queue["kmsMasterKeyId"] not in (None, "", "alias/aws/sqs")


@rule(
    "sqs-visibility-timeout",
    QUEUE,
    title="A queue has a visibility timeout of 6 minutes",
    reason="It is six times the timeout of the functions that read a queue, as Lambda advises.",
    remedy="Set visibilityTimeoutSeconds to 360.",
    link=f"{GUIDE}/sqs-visibility-timeout.html",
    controls="C10",
)
def has_visibility_timeout(queue: Resource) -> bool:
    return bool(queue["visibilityTimeoutSeconds"] == VISIBILITY_SECONDS)


@rule(
    "sqs-failures-retention",
    QUEUE,
    title="A queue for failures keeps messages for 14 days",
    reason="A failure of Friday evening can be examined and repaired in the week after the next.",
    remedy="Set messageRetentionSeconds to 1209600.",
    link=f"{GUIDE}/sqs-dead-letter-queues.html",
    controls="C1",
)
def keeps_failures(queue: Resource) -> bool:
    return bool(queue[_REDRIVE]) or queue["messageRetentionSeconds"] == LONGEST_RETENTION_SECONDS


@rule(
    "sqs-source-retention",
    QUEUE,
    title="A source queue keeps messages for less time than its dead-letter queue",
    reason="A moved message keeps its first enqueue time, and would expire at once.",
    remedy="Set messageRetentionSeconds below 1209600.",
    link=f"{GUIDE}/sqs-dead-letter-queues.html",
    controls="C1",
)
def leaves_time_for_repair(queue: Resource) -> bool:
    # SQS keeps messages for 4 days if nothing is set.
    return not queue[_REDRIVE] or (queue["messageRetentionSeconds"] or 0) < LONGEST_RETENTION_SECONDS


@rule(
    "sqs-dead-letter-queue",
    QUEUE,
    title="Each queue has a dead-letter queue, or is one",
    reason="A message that a function cannot process is neither lost nor repeated forever.",
    remedy="Set redrivePolicy with the ARN of a dead-letter queue.",
    link=f"{GUIDE}/sqs-dead-letter-queues.html",
    controls="AwsSolutions-SQS3",
)
def has_dead_letter_queue(queue: Resource, stack: Stack) -> bool:
    return bool(queue[_REDRIVE]) or queue["name"] in _failure_queues(stack)


@rule(
    "sqs-dead-letter-queue-declared",
    QUEUE,
    title="The dead-letter queue of a queue is declared in the same stack",
    reason="The team that owns the queue also owns, encrypts and watches what fails in it.",
    remedy="Declare the dead-letter queue beside the queue.",
    link=f"{GUIDE}/sqs-dead-letter-queues.html",
)
def owns_dead_letter_queue(queue: Resource, stack: Stack) -> bool:
    target = queue.document(_REDRIVE).get("deadLetterTargetArn", "")
    return not target or any(item["name"] == arn_name(target) for item in stack.of_type(QUEUE))


@rule(
    "sqs-redrive-attempts",
    QUEUE,
    title="A message is received at least twice before it is moved",
    reason="With one attempt, a short fault of a service moves every message to the dead-letter queue.",
    remedy="Set maxReceiveCount of redrivePolicy to 5.",
    link=f"{GUIDE}/sqs-dead-letter-queues.html",
)
def retries_once(queue: Resource) -> bool:
    attempts = queue.document(_REDRIVE).get("maxReceiveCount")
    return attempts is None or int(attempts) > 1


@rule(
    "sqs-tls",
    QUEUE_POLICY,
    title="The policy of a queue denies requests without TLS",
    reason="Messages contain transactions.",
    remedy='Deny sqs:* to everyone if aws:SecureTransport is "false".',
    link=f"{GUIDE}/sqs-security-best-practices.html",
    controls="AwsSolutions-SQS4",
)
def denies_plain_text(policy: Resource) -> bool:
    return any(
        statement.denies_plain_text and "sqs:*" in statement.actions for statement in policy.statements()
    )


@rule(
    "sqs-has-policy",
    QUEUE,
    title="Each queue has a policy",
    reason="Only a policy of the queue can deny requests without TLS.",
    remedy="Declare a QueuePolicy for the queue.",
    link=f"{GUIDE}/sqs-security-best-practices.html",
    controls="AwsSolutions-SQS4",
)
def has_policy(queue: Resource, stack: Stack) -> bool:
    return any(arn_name(policy["queueUrl"]) == queue["name"] for policy in stack.of_type(QUEUE_POLICY))


@rule(
    "sqs-policy-not-public",
    QUEUE_POLICY,
    title="The policy of a queue allows no one to everyone",
    reason="Anyone could send suspicious transactions, or read them.",
    remedy="Name the principals.",
    link=f"{GUIDE}/sqs-security-best-practices.html",
    controls="CKV_AWS_168",
)
def queue_policy_is_not_public(policy: Resource) -> bool:
    return not any(statement.allows_everyone for statement in policy.statements())


@rule(
    "sqs-policy-source",
    QUEUE_POLICY,
    title="The policy of a queue names the resources for which a service may send",
    reason="The service would otherwise send for any AWS account (confused deputy).",
    remedy="Add a condition on aws:SourceArn.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    controls="C4",
)
def names_sources(policy: Resource) -> bool:
    return all(
        statement.condition_values("aws:SourceArn")
        for statement in policy.statements()
        if statement.allows and any(kind == "Service" for kind, _ in statement.principals)
    )


@rule(
    "sqs-redrive-sources",
    REDRIVE_ALLOW,
    title="A dead-letter queue names the queues that may use it",
    reason="Another queue could fill it, or hide its messages in it.",
    remedy='Set redrivePermission to "byQueue", with sourceQueueArns.',
    link=f"{GUIDE}/sqs-configure-dead-letter-queue.html",
)
def names_source_queues(policy: Resource) -> bool:
    document = policy.document("redriveAllowPolicy")
    return document.get("redrivePermission") == "byQueue" and bool(document.get("sourceQueueArns"))


def _failure_queues(stack: Stack) -> set[str]:
    """The names of queues to which a queue, a bus, a target or a pipe sends what failed."""
    arns = [queue.document(_REDRIVE).get("deadLetterTargetArn") for queue in stack.of_type(QUEUE)]
    arns += [item["deadLetterConfig.arn"] for item in stack.of_type(BUS, EVENT_TARGET)]
    arns += [
        pipe["sourceParameters.dynamodbStreamParameters.deadLetterConfig.arn"] for pipe in stack.of_type(PIPE)
    ]
    return {arn_name(arn) for arn in arns if arn}
