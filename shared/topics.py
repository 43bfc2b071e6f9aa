"""SNS topics with email subscriptions: encrypted with a customer-managed key, TLS only."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws
from msgspec import Meta

from shared.iam import Statement, require_tls, resource_policy
from shared.protection import make_child_options

Email = Annotated[str, Meta(pattern=r"\A[^@\s]+@[^@\s]+\.[^@\s]+\Z", max_length=254)]


@dataclass(frozen=True, kw_only=True)
class MailTopicArgs:
    """`email_addresses`: AWS asks each address to confirm before it sends mail to it.

    `publishers`: statements that allow AWS services to publish.
    """

    name: str
    display_name: str
    key_arn: pulumi.Input[str]
    email_addresses: Sequence[str]
    deletion_protection: bool
    publishers: Sequence[Statement] = ()


@dataclass(frozen=True, kw_only=True)
class MailTopic:
    """`policy`: a dependency for services that check their permission to publish."""

    topic: aws.sns.Topic
    policy: aws.sns.TopicPolicy


def make_mail_topic(logical_name: str, args: MailTopicArgs, parent: pulumi.Resource) -> MailTopic:
    """Make the topic, its policy, and a subscription for each address."""
    child_options = pulumi.ResourceOptions(parent=parent)
    topic = aws.sns.Topic(
        logical_name,
        name=args.name,
        display_name=args.display_name,
        kms_master_key_id=args.key_arn,
        signature_version=2,
        opts=make_child_options(parent, protected=args.deletion_protection),
    )
    policy = aws.sns.TopicPolicy(
        logical_name,
        arn=topic.arn,
        policy=resource_policy([require_tls(["sns:Publish"], topic.arn), *args.publishers]),
        opts=child_options,
    )
    for address in args.email_addresses:
        _subscribe_address(topic, address, child_options)
    return MailTopic(topic=topic, policy=policy)


def _subscribe_address(topic: aws.sns.Topic, address: str, opts: pulumi.ResourceOptions) -> None:
    # The logical name is a digest, because list positions change and an address is personal data.
    digest = hashlib.sha256(address.lower().encode()).hexdigest()[:8]
    aws.sns.TopicSubscription(
        f"email-{digest}", topic=topic.arn, protocol="email", endpoint=address, opts=opts
    )
