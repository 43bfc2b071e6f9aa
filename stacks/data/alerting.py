"""The queue of suspicious transactions between the functions fraud and notify, and the topic of alerts."""

from dataclasses import dataclass

import pulumi

from shared.names import Names
from shared.queues import EncryptedQueue, EncryptedQueueArgs, allow_dead_letters_from
from shared.topics import MailTopicArgs, make_mail_topic
from stacks.data.settings import DataSettings


@dataclass(frozen=True, kw_only=True)
class SuspiciousQueueArgs:
    """`key_arn` encrypts the queue, `failures_key_arn` its dead-letter queue.

    `max_receives`: how often SQS delivers a message before it moves it to the dead-letter queue.
    """

    names: Names
    key_arn: pulumi.Input[str]
    failures_key_arn: pulumi.Input[str]
    max_receives: int
    deletion_protection: bool


class SuspiciousQueue(pulumi.ComponentResource):
    """`queue`, and its dead-letter queue `dead_letters`."""

    def __init__(
        self, name: str, args: SuspiciousQueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:data:SuspiciousQueue", name, None, opts)
        child_options = pulumi.ResourceOptions(parent=self)
        self.dead_letters = EncryptedQueue(
            "suspicious-dlq",
            EncryptedQueueArgs(
                name=args.names.suspicious_dlq,
                key_arn=args.failures_key_arn,
                protected=args.deletion_protection,
            ),
            child_options,
        ).queue
        self.queue = EncryptedQueue(
            "suspicious",
            EncryptedQueueArgs(
                name=args.names.suspicious_queue,
                key_arn=args.key_arn,
                protected=args.deletion_protection,
                dead_letter_arn=self.dead_letters.arn,
                max_receives=args.max_receives,
            ),
            child_options,
        ).queue
        allow_dead_letters_from("suspicious-dlq", self.dead_letters, self.queue, child_options)
        self.register_outputs({})


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
