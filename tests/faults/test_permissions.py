"""Roles that lose permissions and get them back."""

from operations.monitoring import queues
from tests.e2e import faults
from tests.faults.fault_scenario import TIMEOUT_SECONDS, FaultScenario
from tests.waiting import wait_for

AVAILABLE = "alarm fraud-pipeline-edge-available"
# Between two looks at the health. The alarm's windows also contain the accepted requests of other tests.
FAILING_POSTS = 10
FRAUD_ERRORS = "alarm fraud-pipeline-processing-fraud-errors"


def test_fraud_role_without_write_permission_recovers_after_the_retries_of_lambda(
    scenario: FaultScenario,
) -> None:
    with faults.deny_actions(scenario.pipeline, "fraud", "dynamodb:*"):
        scenario.wait_until_unhealthy(FRAUD_ERRORS, posting=True)
        wait_for(
            lambda: faults.count_messages_in(scenario.pipeline, queues.RETRY) == len(scenario.posted),
            seconds=TIMEOUT_SECONDS,
            what="every event in the retry queue",
        )
        scenario.wait_until_unhealthy("transactions")
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_fraud_role_without_permissions_loses_events_that_replay_finds(scenario: FaultScenario) -> None:
    with faults.deny_actions(scenario.pipeline, "fraud", "*"):
        scenario.wait_until_unhealthy("alarm fraud-pipeline-processing-fraud-destination", posting=True)
    scenario.wait_until_unhealthy("transactions")
    assert scenario.replay() == 0
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_fraud_role_without_send_permission_alerts_once_after_the_repair(scenario: FaultScenario) -> None:
    """The function stores a decision and cannot send its message. A retry finds and sends it."""
    arn = f"arn:aws:sqs:{scenario.pipeline.aws.endpoint.region}:000000000000:suspicious"
    with faults.deny_actions(scenario.pipeline, "fraud", "sqs:SendMessage", resource=arn):
        scenario.wait_until_unhealthy(FRAUD_ERRORS, posting=True)
        assert scenario.pipeline.wait_for_decision(scenario.posted[0]).suspicious
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_alerts_of_a_notify_role_without_publish_permission_are_redriven(scenario: FaultScenario) -> None:
    with (
        faults.deny_actions(scenario.pipeline, "notify", "sns:Publish"),
        faults.limit_to_one_attempt(scenario.pipeline, scenario.suspicious_url),
    ):
        scenario.post()
        scenario.wait_until_unhealthy("queue suspicious-dlq")
        assert not scenario.pipeline.read_mails_about(scenario.posted[0])
    assert scenario.redrive(queues.ALERTS) == 0
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_pipe_role_without_permission_recovers_by_itself(scenario: FaultScenario) -> None:
    with faults.deny_actions(scenario.pipeline, "pipe", "events:PutEvents"):
        scenario.wait_until_unhealthy("alarm fraud-pipeline-processing-pipe-failed", posting=True)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_api_role_without_write_permission_fails_requests_and_recovers(scenario: FaultScenario) -> None:
    def fail() -> bool:
        for _ in range(FAILING_POSTS):
            reply = scenario.post_harmless()
            assert reply.status == 503
            assert reply.content_type == "application/problem+json"
        return scenario.reports(AVAILABLE)

    with faults.deny_actions(scenario.pipeline, "api", "dynamodb:PutItem"):
        wait_for(fail, seconds=TIMEOUT_SECONDS, what=AVAILABLE)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_labels_role_without_write_permission_fails_requests_and_recovers(scenario: FaultScenario) -> None:
    transaction = scenario.post()
    scenario.pipeline.wait_for_decision(transaction)

    def fail() -> bool:
        for _ in range(FAILING_POSTS):
            reply = scenario.pipeline.post_label(transaction, "fraud")
            assert reply.status == 503
            assert reply.content_type == "application/problem+json"
        return scenario.reports(AVAILABLE)

    with faults.deny_actions(scenario.pipeline, "labels", "dynamodb:UpdateItem"):
        wait_for(fail, seconds=TIMEOUT_SECONDS, what=AVAILABLE)
    assert scenario.pipeline.post_label(transaction, "fraud").status in (200, 201)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()
