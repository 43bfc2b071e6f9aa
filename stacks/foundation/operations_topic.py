"""The topic of alarms, and the alarms that are no metrics: a key in danger, and the bill of the month."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.alarms import describe
from shared.arns import Arns
from shared.iam import Statement
from shared.projects import PROJECTS
from shared.topics import MailTopic, MailTopicArgs, make_mail_topic

# Per cent of the budget, by what AWS compares with it.
BUDGET_NOTIFICATIONS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
KEY_ACTIONS = ("DisableKey", "ScheduleKeyDeletion")


@dataclass(frozen=True, kw_only=True)
class OperationsArgs:
    """`monthly_budget_usd`: the costs of the account in a month, above which operations get a mail."""

    arns: Arns
    key_arn: pulumi.Input[str]
    email_addresses: Sequence[str]
    monthly_budget_usd: int
    deletion_protection: bool


class Operations(pulumi.ComponentResource):
    """`topic`, where CloudWatch, Budgets and EventBridge publish for the people on call."""

    def __init__(self, name: str, args: OperationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("fraud:foundation:Operations", name, None, opts)
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        mail = make_mail_topic(
            "operations",
            MailTopicArgs(
                name=args.arns.names.operations_topic,
                display_name="Fraud pipeline operations",
                key_arn=args.key_arn,
                email_addresses=args.email_addresses,
                deletion_protection=args.deletion_protection,
                publishers=publishers(args.arns),
            ),
            self,
        )
        self.topic = mail.topic
        self._watch_keys()
        self._watch_costs(mail)
        self.register_outputs({})

    def _watch_keys(self) -> None:
        """Needs a CloudTrail trail for management events in the account; see docs/runbooks/key-state.md."""
        rule = aws.cloudwatch.EventRule(
            "key-state",
            name=self._args.arns.names.key_state_rule,
            description=describe("A KMS key is disabled or scheduled for deletion.", "page", "key-state.md"),
            event_pattern=json.dumps(key_state_pattern()),
            opts=self._child,
        )
        text = describe("<action> was called for KMS key <key> at <time>.", "page", "key-state.md")
        aws.cloudwatch.EventTarget(
            "key-state",
            rule=rule.name,
            target_id="operations",
            arn=self.topic.arn,
            input_transformer={
                "input_paths": {
                    "action": "$.detail.eventName",
                    "key": "$.detail.requestParameters.keyId",
                    "time": "$.time",
                },
                "input_template": f'"{text}"',
            },
            opts=self._child,
        )

    def _watch_costs(self, mail: MailTopic) -> None:
        aws.budgets.Budget(
            "monthly",
            name=self._args.arns.names.budget,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(self._args.monthly_budget_usd),
            limit_unit="USD",
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_sns_topic_arns": [self.topic.arn],
                }
                for kind, percent in BUDGET_NOTIFICATIONS
            ],
            # Budgets refuses a topic that it may not publish to.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[mail.policy]),
        )


def key_state_pattern() -> dict[str, object]:
    """Calls that take a key out of use and that succeed. KMS sends no event of its own for these.

    https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-kms.html
    """
    return {
        "source": ["aws.kms"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["kms.amazonaws.com"],
            "eventName": list(KEY_ACTIONS),
            "errorCode": [{"exists": False}],
        },
    }


def publishers(arns: Arns) -> list[Statement]:
    """The services that may publish to the topic, on the conditions that AWS documents for each.

    CloudWatch sends the alarm's ARN and account, Budgets the budget's. EventBridge takes no conditions in a
    topic's policy: with one, it would drop each event.
    https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    alarms = [arns.alarms(project.layer) for project in PROJECTS]
    return [
        _publisher(arns, "cloudwatch", {"ArnLike": {"aws:SourceArn": alarms}}),
        _publisher(arns, "budgets", {"ArnLike": {"aws:SourceArn": arns.budgets}}),
        Statement(
            sid="PublishFromEvents",
            actions=["sns:Publish"],
            resources=[arns.operations_topic],
            principal={"Service": "events.amazonaws.com"},
        ),
    ]


def _publisher(arns: Arns, service: str, source: dict[str, dict[str, object]]) -> Statement:
    return Statement(
        sid=f"PublishFrom{service.capitalize()}",
        actions=["sns:Publish"],
        resources=[arns.operations_topic],
        principal={"Service": f"{service}.amazonaws.com"},
        conditions={"StringEquals": {"aws:SourceAccount": arns.account_id}, **source},
    )
