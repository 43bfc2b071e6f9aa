"""The alert topic and its email subscriptions."""

from dataclasses import dataclass

import pulumi

from shared.topics import MailTopicArgs, make_mail_topic
from stacks.data.settings import DataSettings


@dataclass(frozen=True, kw_only=True)
class AlertTopicArgs:
    """`settings`: the email addresses. AWS asks each address to confirm before it sends mail to it."""

    name: str
    key_arn: pulumi.Input[str]
    settings: DataSettings


class AlertTopic(pulumi.ComponentResource):
    """`topic`: encrypted, with an email subscription for each address."""

    def __init__(self, name: str, args: AlertTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:data:AlertTopic", name, None, opts)
        self.topic = make_mail_topic(
            "alerts",
            MailTopicArgs(
                name=args.name,
                display_name="Fraud alerts",
                key_arn=args.key_arn,
                email_addresses=args.settings.alert_emails,
                deletion_protection=args.settings.deletion_protection,
            ),
            self,
        ).topic
        self.register_outputs({})
