from pathlib import Path

import pytest
from botocore.exceptions import NoCredentialsError

from orchestration.environments import ROOT, Environment
from orchestration.status.mail import check_mail
from orchestration.status.subscriptions import RUNBOOK, SUBSCRIPTION_TYPE
from tests.unit.operations.monitoring.fake_sns import FakeSns

TOPIC = "arn:aws:sns:us-east-1:111111111111:fraud-alerts"
ADDRESS = "ann@example.com"
PROD = Environment("prod", Path("/nowhere"))
STATE = {
    "resources": [
        {"type": SUBSCRIPTION_TYPE, "inputs": {"topic": TOPIC, "endpoint": ADDRESS, "protocol": "email"}}
    ]
}


def test_pending_address_is_named_with_its_topic_and_the_runbook() -> None:
    check = check_mail(PROD, [STATE], FakeSns({TOPIC: [(ADDRESS, "PendingConfirmation")]}))
    assert check.as_json() == [{"topic": "fraud-alerts", "address": ADDRESS, "reason": "pending"}]
    text = "\n".join(check.sentences)
    assert ADDRESS in text
    assert RUNBOOK in text
    assert (ROOT / RUNBOOK).is_file()


def test_confirmed_addresses_print_nothing() -> None:
    check = check_mail(PROD, [STATE], FakeSns({TOPIC: [(ADDRESS, f"{TOPIC}:1")]}))
    assert (check.sentences, check.as_json()) == ([], [])


def test_failed_check_has_its_reason() -> None:
    check = check_mail(PROD, [STATE], FakeSns({}, error=NoCredentialsError()))
    assert check.unconfirmed is None
    assert "credentials" in check.problem


@pytest.mark.parametrize("states", [[], [{}], [{"resources": []}]])
def test_sns_is_not_called_without_subscriptions(states: list[dict[str, object]]) -> None:
    sns = FakeSns({}, error=AssertionError())
    assert check_mail(PROD, states, sns).sentences == []
    assert sns.regions == []
