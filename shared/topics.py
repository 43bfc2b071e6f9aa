"""SNS topics for every layer: encrypted with a customer-managed key, TLS only, with subscriptions by mail."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws
from msgspec import Meta

from shared.iam import Statement, resource_policy
from shared.protection import child_of

Email = Annotated[str, Meta(pattern=r"\A[^@\s]+@[^@\s]+\.[^@\s]+\Z", max_length=254)]


@dataclass(frozen=True, kw_only=True)
class MailTopicArgs:
    """AWS asks each address to confirm before it gets a mail.

    `publishers` are statements that let an AWS service publish on its own.
    """

    name: str
    display_name: str
    key_arn: pulumi.Input[str]
    email_addresses: Sequence[str]
    deletion_protection: bool
    publishers: Sequence[Statement] = ()


@dataclass(frozen=True, kw_only=True)
class MailTopic:
    """`policy`: what a service that checks its permission to publish must wait for."""

    topic: aws.sns.Topic
    policy: aws.sns.TopicPolicy


def make_mail_topic(logical_name: str, args: MailTopicArgs, parent: pulumi.Resource) -> MailTopic:
    """The topic, its policy, and a subscription for each address."""
    child = pulumi.ResourceOptions(parent=parent)
    topic = aws.sns.Topic(
        logical_name,
        name=args.name,
        display_name=args.display_name,
        kms_master_key_id=args.key_arn,
        signature_version=2,
        opts=child_of(parent, protected=args.deletion_protection),
    )
    policy = aws.sns.TopicPolicy(
        logical_name,
        arn=topic.arn,
        policy=resource_policy([_tls_only(topic.arn), *args.publishers]),
        opts=child,
    )
    for address in args.email_addresses:
        _subscribe(topic, address, child)
    return MailTopic(topic=topic, policy=policy)


def _tls_only(topic_arn: pulumi.Input[str]) -> Statement:
    return Statement(
        sid="RefusePlainText",
        effect="Deny",
        actions=["sns:Publish"],
        resources=[topic_arn],
        principal={"AWS": "*"},
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def _subscribe(topic: aws.sns.Topic, address: str, opts: pulumi.ResourceOptions) -> None:
    # Named by a digest: a place in the list changes, and an address is personal data.
    digest = hashlib.sha256(address.lower().encode()).hexdigest()[:8]
    aws.sns.TopicSubscription(
        f"email-{digest}", topic=topic.arn, protocol="email", endpoint=address, opts=opts
    )
