"""The alarm topic and its key, the rule for the state of keys, the budget."""

from typing import Any

import pytest

from shared.configuration import validate_file
from stacks.foundation.settings import FoundationSettings
from tests.stacks.mocked_aws import ACCOUNT, arn
from tests.stacks.recording import RecordedProgram

TOPIC = arn("sns", "fraud-operations")


@pytest.fixture
def statements(foundation: RecordedProgram) -> dict[str, Any]:
    return foundation.find_one("sns/topicPolicy:TopicPolicy", "operations").statements()


def test_C11_alarm_topic_has_its_own_key(foundation: RecordedProgram) -> None:
    topic = foundation.find_one("sns/topic:Topic", "operations")
    assert topic["kmsMasterKeyId"] == arn("kms", "key/operations")
    assert topic["name"] == "fraud-operations"
    assert topic.protect
    assert foundation.outputs["operations_topic_arn"] == TOPIC


def test_C11_alarm_topic_denies_requests_without_tls(statements: dict[str, Any]) -> None:
    denial = statements["RefusePlainText"]
    assert (denial["Effect"], denial["Principal"]) == ("Deny", {"AWS": "*"})
    assert denial["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_C4_only_alarms_and_budgets_of_this_account_may_publish(statements: dict[str, Any]) -> None:
    for service, source in (("Cloudwatch", arn("cloudwatch", "alarm:")), ("Budgets", f":{ACCOUNT}:*")):
        condition = statements[f"PublishFrom{service}"]["Condition"]
        assert condition["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
        assert source in str(condition["ArnLike"]["aws:SourceArn"])


def test_eventbridge_may_publish_without_a_condition(
    statements: dict[str, Any], foundation: RecordedProgram
) -> None:
    assert "Condition" not in statements["PublishFromEvents"]
    key = foundation.find_one("kms/key:Key", "operations").statements()["PublishFromEvents"]
    assert key["Condition"] == {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": TOPIC}}


@pytest.mark.parametrize("environment", ["local", "dev", "staging", "prod"])
def test_every_environment_has_contacts_and_a_budget(environment: str) -> None:
    settings = validate_file(FoundationSettings, environment)
    assert settings.operations_emails
    assert settings.monthly_budget_usd > 0


def test_every_contact_has_a_subscription(foundation: RecordedProgram) -> None:
    subscribed = {
        subscription["endpoint"]
        for subscription in foundation.find_all("sns/topicSubscription:TopicSubscription")
    }
    assert subscribed == set(validate_file(FoundationSettings, "prod").operations_emails)


def test_call_that_disables_a_key_is_published_with_its_runbook(foundation: RecordedProgram) -> None:
    rule = foundation.find_one("cloudwatch/eventRule:EventRule", "key-state")
    detail = rule.document("eventPattern")["detail"]
    assert detail["eventName"] == ["DisableKey", "ScheduleKeyDeletion"]
    assert "eventBusName" not in rule.inputs
    target = foundation.find_one("cloudwatch/eventTarget:EventTarget", "key-state")
    assert target["arn"] == TOPIC
    # With a role, EventBridge may fail to publish to an encrypted topic.
    assert "roleArn" not in target.inputs
    assert "docs/runbooks/key-state.md" in target["inputTransformer"]["inputTemplate"]


def test_budget_notifies_at_80_and_100_percent(foundation: RecordedProgram) -> None:
    budget = foundation.find_one("budgets/budget:Budget")
    assert (budget["timeUnit"], budget["limitAmount"]) == ("MONTHLY", "1000")
    assert {
        (notification["notificationType"], notification["threshold"])
        for notification in budget["notifications"]
    } == {
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    }
    assert all(notification["subscriberSnsTopicArns"] == [TOPIC] for notification in budget["notifications"])
    assert any("TopicPolicy" in urn for urn in budget.dependencies)
