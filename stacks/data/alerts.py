"""The topic that alerts are published to, and who gets them by mail."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.iam import Statement, resource_policy
from shared.protection import child_of


@dataclass(frozen=True, kw_only=True)
class AlertTopicArgs:
    """AWS asks each address to confirm before it gets a mail."""

    name: str
    key_arn: pulumi.Input[str]
    email_addresses: Sequence[str]
    deletion_protection: bool


class AlertTopic(pulumi.ComponentResource):
    """An encrypted topic with an email subscription per address."""

    def __init__(self, name: str, args: AlertTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:data:AlertTopic", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.topic = aws.sns.Topic(
            "alerts",
            name=args.name,
            display_name="Fraud alerts",
            kms_master_key_id=args.key_arn,
            signature_version=2,
            opts=child_of(self, protected=args.deletion_protection),
        )
        self._refuse_plain_text()
        for address in args.email_addresses:
            self._subscribe(address)
        self.register_outputs({})

    def _refuse_plain_text(self) -> None:
        statement = Statement(
            sid="RefusePlainText",
            effect="Deny",
            actions=["sns:Publish"],
            resources=[self.topic.arn],
            principal={"AWS": "*"},
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        )
        aws.sns.TopicPolicy(
            "alerts", arn=self.topic.arn, policy=resource_policy([statement]), opts=self._child
        )

    def _subscribe(self, address: str) -> None:
        # Named by a digest: a place in the list changes, and an address is personal data.
        digest = hashlib.sha256(address.lower().encode()).hexdigest()[:8]
        aws.sns.TopicSubscription(
            f"email-{digest}", topic=self.topic.arn, protocol="email", endpoint=address, opts=self._child
        )
