"""The topic of alarms: who may publish, with which key; the rule for keys in danger; the budget."""

from typing import Any

import pytest

from shared.configuration import validate_file
from stacks.foundation.settings import FoundationSettings
from tests.stacks.mocked_aws import ACCOUNT, arn
from tests.stacks.recording import Program

TOPIC = arn("sns", "fraud-operations")


@pytest.fixture
def statements(foundation: Program) -> dict[str, Any]:
    return foundation.one("sns/topicPolicy:TopicPolicy", "operations").statements()


def test_C11_the_topic_has_a_key_of_its_own(foundation: Program) -> None:
    topic = foundation.one("sns/topic:Topic", "operations")
    assert topic["kmsMasterKeyId"] == arn("kms", "key/operations")
    assert topic["name"] == "fraud-operations"
    assert topic.protect
    assert foundation.outputs["operations_topic_arn"] == TOPIC


def test_C11_the_topic_refuses_what_does_not_come_by_tls(statements: dict[str, Any]) -> None:
    refusal = statements["RefusePlainText"]
    assert (refusal["Effect"], refusal["Principal"]) == ("Deny", {"AWS": "*"})
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_C4_alarms_and_budgets_of_this_account_may_publish(statements: dict[str, Any]) -> None:
    for service, source in (("Cloudwatch", arn("cloudwatch", "alarm:")), ("Budgets", f":{ACCOUNT}:*")):
        condition = statements[f"PublishFrom{service}"]["Condition"]
        assert condition["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
        assert source in str(condition["ArnLike"]["aws:SourceArn"])


def test_eventbridge_may_publish_without_a_condition_that_would_drop_its_events(
    statements: dict[str, Any], foundation: Program
) -> None:
    assert "Condition" not in statements["PublishFromEvents"]
    key = foundation.one("kms/key:Key", "operations").statements()["PublishFromEvents"]
    assert key["Condition"] == {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": TOPIC}}


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_every_environment_names_who_is_on_call_and_its_budget(environment: str) -> None:
    settings = validate_file(FoundationSettings, environment)
    assert settings.operations_emails
    assert settings.monthly_budget_usd > 0


def test_every_address_on_call_gets_the_mails(foundation: Program) -> None:
    subscribed = {each["endpoint"] for each in foundation.all("sns/topicSubscription:TopicSubscription")}
    assert subscribed == set(validate_file(FoundationSettings, "prod").operations_emails)


def test_a_call_that_takes_a_key_out_of_use_is_mailed_with_its_runbook(foundation: Program) -> None:
    rule = foundation.one("cloudwatch/eventRule:EventRule", "key-state")
    detail = rule.document("eventPattern")["detail"]
    assert detail["eventName"] == ["DisableKey", "ScheduleKeyDeletion"]
    assert "eventBusName" not in rule.inputs
    target = foundation.one("cloudwatch/eventTarget:EventTarget", "key-state")
    assert target["arn"] == TOPIC
    # With a role, EventBridge may fail to publish to an encrypted topic.
    assert "roleArn" not in target.inputs
    assert "docs/runbooks/key-state.md" in target["inputTransformer"]["inputTemplate"]


def test_the_budget_of_the_month_notifies_before_and_when_it_is_spent(foundation: Program) -> None:
    budget = foundation.one("budgets/budget:Budget")
    assert (budget["timeUnit"], budget["limitAmount"]) == ("MONTHLY", "1000")
    assert {(each["notificationType"], each["threshold"]) for each in budget["notifications"]} == {
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    }
    assert all(each["subscriberSnsTopicArns"] == [TOPIC] for each in budget["notifications"])
    assert any("TopicPolicy" in urn for urn in budget.dependencies)
