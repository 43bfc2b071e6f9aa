"""Alarms, a dashboard, a budget, and a rule on the default bus that publishes to a topic."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

from tests.engine.plugin.programs.documents import to_json
from tests.engine.plugin.programs.variant import Client, Group, Variant


def _declare_resources(variant: Variant, _: Path) -> None:
    changed = variant is Variant.CHANGED
    topic = aws.sns.Topic("operations", name="plugin-test-operations")
    single = aws.cloudwatch.MetricAlarm(
        "single",
        name="plugin-test-single",
        alarm_description=None if changed else "Queue is not empty",
        namespace="AWS/SQS",
        metric_name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": "other" if changed else "plugin-test"},
        statistic=None if changed else "Maximum",
        extended_statistic="p99" if changed else None,
        period=60,
        evaluation_periods=1,
        threshold=2 if changed else 1,
        comparison_operator="GreaterThanOrEqualToThreshold",
        treat_missing_data="notBreaching",
        alarm_actions=[topic.arn],
        ok_actions=[topic.arn],
        tags={"Layer": "changed" if changed else "test"},
    )
    _declare_expression(variant)
    aws.cloudwatch.CompositeAlarm(
        "both",
        alarm_name="plugin-test-both",
        alarm_rule=f'{"OK" if changed else "ALARM"}("plugin-test-single")',
        alarm_actions=[topic.arn],
        tags={"Layer": "test"},
        opts=pulumi.ResourceOptions(depends_on=[single]),
    )
    aws.cloudwatch.Dashboard(
        "dashboard",
        dashboard_name="plugin-test",
        dashboard_body=to_json({"widgets": [], "start": "-PT6H" if changed else "-PT3H"}, variant),
    )
    _declare_budget(variant, topic)
    _key_rule(variant, topic)


def _declare_expression(variant: Variant) -> None:
    changed = variant is Variant.CHANGED
    queries = [
        {"id": "result", "expression": "a - b", "return_data": True},
        *(
            {
                "id": name,
                "metric": {"namespace": "Test", "metric_name": name, "period": 60, "stat": "Sum"},
            }
            for name in ("a", "b")
        ),
    ]
    aws.cloudwatch.MetricAlarm(
        "expression",
        name="plugin-test-expression",
        metric_queries=queries[::-1] if variant is Variant.EQUIVALENT else queries,
        evaluation_periods=3 if changed else 5,
        threshold=0,
        comparison_operator="GreaterThanThreshold",
    )


def _declare_budget(variant: Variant, topic: aws.sns.Topic) -> None:
    changed = variant is Variant.CHANGED
    aws.budgets.Budget(
        "budget",
        name="plugin-test",
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount="200" if changed else "100",
        limit_unit="USD",
        notifications=[
            {
                "comparison_operator": "GREATER_THAN",
                "notification_type": "ACTUAL",
                "threshold": 90 if changed else 80,
                "threshold_type": "PERCENTAGE",
                "subscriber_sns_topic_arns": [topic.arn],
            }
        ],
        tags={"Layer": "changed" if changed else "test"},
    )


def _key_rule(variant: Variant, topic: aws.sns.Topic) -> None:
    changed = variant is Variant.CHANGED
    rule = aws.cloudwatch.EventRule(
        "key-rule",
        name="plugin-test-keys",
        event_pattern=to_json({"source": ["aws.kms"], "detail-type": ["x"]}, variant),
    )
    aws.cloudwatch.EventTarget(
        "key-target",
        rule=rule.name,
        target_id="operations",
        arn=topic.arn,
        input_transformer={
            "input_paths": {"key": "$.detail.requestParameters.keyId"},
            "input_template": '"Key <key> is off"' if changed else '"Key <key>"',
        },
    )


def _list_resources(client: Client) -> set[str]:
    cloudwatch, events = client("cloudwatch"), client("events")
    alarms = cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    account = client("sts").get_caller_identity()["Account"]
    return {
        *(alarm["AlarmArn"] for kind in ("MetricAlarms", "CompositeAlarms") for alarm in alarms[kind]),
        *(board["DashboardName"] for board in cloudwatch.list_dashboards()["DashboardEntries"]),
        *(
            entry["BudgetName"]
            for entry in client("budgets").describe_budgets(AccountId=account).get("Budgets", [])
        ),
        *(rule["Arn"] for rule in events.list_rules()["Rules"]),
        *(topic["TopicArn"] for topic in client("sns").list_topics()["Topics"]),
    }


def _read_settings(client: Client, outputs: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    cloudwatch = client("cloudwatch")
    account = client("sts").get_caller_identity()["Account"]
    names = ["plugin-test-single", "plugin-test-expression"]
    single, expression = (
        cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])["MetricAlarms"][0]
        for name in names
    )
    both = cloudwatch.describe_alarms(AlarmNames=["plugin-test-both"], AlarmTypes=["CompositeAlarm"])
    budget = {"AccountId": account, "BudgetName": "plugin-test"}
    target = client("events").list_targets_by_rule(Rule="plugin-test-keys")["Targets"][0]
    return {
        "description": single.get("AlarmDescription", ""),
        "dimensions": single["Dimensions"],
        "statistic": single.get("ExtendedStatistic"),
        "threshold": single["Threshold"],
        "actions": single["AlarmActions"] == [outputs("operations")["arn"]] == single["OKActions"],
        "periods": expression["EvaluationPeriods"],
        "rule": both["CompositeAlarms"][0]["AlarmRule"],
        "dashboard": json.loads(cloudwatch.get_dashboard(DashboardName="plugin-test")["DashboardBody"]),
        "limit": client("budgets").describe_budget(**budget)["Budget"]["BudgetLimit"]["Amount"],
        "notifications": [
            entry["Threshold"]
            for entry in client("budgets").describe_notifications_for_budget(**budget)["Notifications"]
        ],
        "template": target["InputTransformer"]["InputTemplate"],
    }


GROUP = Group(
    program=_declare_resources,
    types=frozenset(
        {
            "aws:sns/topic:Topic",
            "aws:cloudwatch/metricAlarm:MetricAlarm",
            "aws:cloudwatch/compositeAlarm:CompositeAlarm",
            "aws:cloudwatch/dashboard:Dashboard",
            "aws:cloudwatch/eventRule:EventRule",
            "aws:cloudwatch/eventTarget:EventTarget",
            "aws:budgets/budget:Budget",
        }
    ),
    changes={
        "single": "update",
        "expression": "update",
        "both": "update",
        "dashboard": "update",
        "budget": "update",
        "key-target": "update",
    },
    list_resources=_list_resources,
    read_settings=_read_settings,
    expected_settings={
        "description": "",
        "dimensions": [{"Name": "QueueName", "Value": "other"}],
        "statistic": "p99",
        "threshold": 2.0,
        "actions": True,
        "periods": 3,
        "rule": 'OK("plugin-test-single")',
        "dashboard": {"widgets": [], "start": "-PT6H"},
        "limit": "200",
        "notifications": [90.0],
        "template": '"Key <key> is off"',
    },
)
