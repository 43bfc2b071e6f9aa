"""The alarm topic, and the alarms without a metric: the state of keys, and the monthly budget."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from shared.alarms import describe_alarm
from shared.arns import Arns
from shared.iam import Statement
from shared.projects import FOUNDATION, PROJECTS
from shared.topics import MailTopic, MailTopicArgs, make_mail_topic

# The kind of costs and the percentage of the budget.
BUDGET_NOTIFICATIONS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
KEY_ACTIONS = ("DisableKey", "ScheduleKeyDeletion")


@dataclass(frozen=True, kw_only=True)
class OperationsTopicArgs:
    """`monthly_budget_usd`: the monthly costs of the account above which operations get an email."""

    arns: Arns
    key_arn: pulumi.Input[str]
    email_addresses: Sequence[str]
    monthly_budget_usd: int
    deletion_protection: bool


class OperationsTopic(pulumi.ComponentResource):
    """`topic`, to which CloudWatch, Budgets and EventBridge publish for the people on call."""

    def __init__(
        self, name: str, args: OperationsTopicArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("fraud:foundation:Operations", name, None, opts)
        self._args = args
        self._child_options = pulumi.ResourceOptions(parent=self)
        mail = make_mail_topic(
            "operations",
            MailTopicArgs(
                name=args.arns.names.operations_topic,
                display_name="Fraud pipeline operations",
                key_arn=args.key_arn,
                email_addresses=args.email_addresses,
                deletion_protection=args.deletion_protection,
                publishers=publisher_statements(args.arns),
            ),
            self,
        )
        self.topic = mail.topic
        self._watch_keys()
        self._watch_costs(mail)
        self.register_outputs({})

    def _watch_keys(self) -> None:
        """Needs a CloudTrail trail for management events; see docs/runbooks/key-state.md."""
        rule = aws.cloudwatch.EventRule(
            "key-state",
            name=self._args.arns.names.key_state_rule,
            description=describe_alarm(
                "A KMS key is disabled or scheduled for deletion.", "page", "key-state.md"
            ),
            event_pattern=json.dumps(key_state_pattern()),
            opts=self._child_options,
        )
        text = describe_alarm("<action> was called for KMS key <key> at <time>.", "page", "key-state.md")
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
            opts=self._child_options,
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
            # Budgets rejects a topic to which it may not publish.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[mail.policy]),
        )


def key_state_pattern() -> dict[str, object]:
    """Successful calls that disable a key or schedule its deletion. KMS has no event for them.

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


def publisher_statements(arns: Arns) -> list[Statement]:
    """The services that may publish to the topic, with the conditions that AWS documents for each.

    CloudWatch and Budgets send the source's ARN and account. EventBridge does not support conditions in a
    topic policy: with one, it drops every event.
    https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    alarms = [arns.alarms(project.layer) for project in PROJECTS if project != FOUNDATION]
    return [
        _publisher_statement(arns, "cloudwatch", {"ArnLike": {"aws:SourceArn": alarms}}),
        _publisher_statement(arns, "budgets", {"ArnLike": {"aws:SourceArn": arns.budgets}}),
        Statement(
            sid="PublishFromEvents",
            actions=["sns:Publish"],
            resources=[arns.operations_topic],
            principal={"Service": "events.amazonaws.com"},
        ),
    ]


def _publisher_statement(arns: Arns, service: str, source: dict[str, dict[str, object]]) -> Statement:
    return Statement(
        sid=f"PublishFrom{service.capitalize()}",
        actions=["sns:Publish"],
        resources=[arns.operations_topic],
        principal={"Service": f"{service}.amazonaws.com"},
        conditions={"StringEquals": {"aws:SourceAccount": arns.account_id}, **source},
    )
