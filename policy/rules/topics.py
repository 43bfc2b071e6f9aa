"""Rules for SNS topics and subscriptions."""

from policy.resource import Resource, Stack, arn_name
from policy.rule import rule

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"

SECURITY_HUB = "https://docs.aws.amazon.com/securityhub/latest/userguide/sns-controls.html"
GUIDE = "https://docs.aws.amazon.com/sns/latest/dg"


@rule(
    "sns-key",
    TOPIC,
    title="A topic is encrypted with a customer-managed key",
    reason="Alerts name accounts. The key's policy, and not only IAM, decides who reads them.",
    remedy="Set kmsMasterKeyId to a key of the stack.",
    link=f"{SECURITY_HUB}#sns-1",
    controls="C11 SNS.1 CKV_AWS_26",
)
def is_encrypted(topic: Resource) -> bool:
    return topic["kmsMasterKeyId"] not in (None, "", "alias/aws/sns")


@rule(
    "sns-signature",
    TOPIC,
    title="A topic signs its messages with SHA256",
    reason="Signature version 1 uses SHA1.",
    remedy="Set signatureVersion to 2.",
    link=f"{GUIDE}/sns-verify-signature-of-message.html",
)
def signs_messages(topic: Resource) -> bool:
    return bool(topic["signatureVersion"] == 2)  # noqa: PLR2004 - stated in the remedy


@rule(
    "sns-has-policy",
    TOPIC,
    title="Each topic has a policy",
    reason="Only a policy of the topic can deny requests without TLS.",
    remedy="Declare a TopicPolicy for the topic.",
    link=f"{GUIDE}/sns-security-best-practices.html",
    controls="AwsSolutions-SNS3",
)
def has_policy(topic: Resource, stack: Stack) -> bool:
    return any(arn_name(policy["arn"]) == topic["name"] for policy in stack.of_type(TOPIC_POLICY))


@rule(
    "sns-tls",
    TOPIC_POLICY,
    title="The policy of a topic denies requests without TLS",
    reason="Alerts name accounts.",
    remedy='Deny sns:Publish to everyone if aws:SecureTransport is "false".',
    link=f"{GUIDE}/sns-security-best-practices.html",
    controls="AwsSolutions-SNS3",
)
def denies_plain_text(policy: Resource) -> bool:
    return any(
        statement.denies_plain_text and "sns:Publish" in statement.actions
        for statement in policy.statements()
    )


@rule(
    "sns-policy-not-public",
    TOPIC_POLICY,
    title="The policy of a topic allows nothing to everyone",
    reason="Anyone could publish false alerts, or subscribe to real ones.",
    remedy="Name the principals.",
    link=f"{SECURITY_HUB}#sns-4",
    controls="SNS.4",
)
def topic_policy_is_not_public(policy: Resource) -> bool:
    return not any(statement.allows_everyone for statement in policy.statements())


@rule(
    "sns-policy-source",
    TOPIC_POLICY,
    title="The policy of a topic names the resources for which a service may publish",
    reason="The service would otherwise publish for any AWS account (confused deputy).",
    remedy="Add a condition on aws:SourceArn or aws:SourceAccount.",
    link="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    controls="C4",
)
def names_sources(policy: Resource) -> bool:
    return all(
        statement.condition_values("aws:SourceArn") or statement.condition_values("aws:SourceAccount")
        for statement in policy.statements()
        if statement.allows and any(kind == "Service" for kind, _ in statement.principals)
    )


@rule(
    "sns-subscription-protocol",
    SUBSCRIPTION,
    title="A subscription sends to addresses or resources of AWS, never over plain HTTP",
    reason="An alert over HTTP can be read on its way.",
    remedy='Use the protocol "email", "https", "sqs" or "lambda".',
    link=f"{GUIDE}/sns-create-subscribe-endpoint-to-topic.html",
)
def uses_private_protocol(subscription: Resource) -> bool:
    return subscription["protocol"] in ("email", "email-json", "https", "sqs", "lambda")
