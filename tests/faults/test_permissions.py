"""A role loses permissions, and gets them back."""

from operations.monitoring import queues
from tests.e2e import faults
from tests.faults.bench import SECONDS, Bench
from tests.waiting import wait_for

AVAILABLE = "alarm fraud-pipeline-edge-available"
FRAUD_ERRORS = "alarm fraud-pipeline-processing-fraud-errors"


def test_fraud_role_that_may_not_write_heals_by_itself_after_all_of_lambdas_retries(bench: Bench) -> None:
    with faults.forbidden(bench.pipeline, "fraud", "dynamodb:*"):
        bench.wait_red(FRAUD_ERRORS, posting=True)
        wait_for(
            lambda: faults.messages(bench.pipeline, queues.RETRY) == len(bench.sent),
            seconds=SECONDS,
            what="every event in the retry queue",
        )
        bench.wait_red("transactions")
    bench.wait_green()
    bench.expect_nothing_lost()


def test_fraud_role_without_any_permission_loses_events_that_replay_finds(bench: Bench) -> None:
    with faults.forbidden(bench.pipeline, "fraud", "*"):
        bench.wait_red("alarm fraud-pipeline-processing-fraud-destination", posting=True)
    bench.wait_red("transactions")
    assert bench.replay() == 0
    bench.wait_green()
    bench.expect_nothing_lost()


def test_fraud_role_that_may_not_send_alerts_once_after_it_may(bench: Bench) -> None:
    """A crash between the decision and its message: the decision is found again, the message is sent."""
    arn = f"arn:aws:sqs:{bench.pipeline.aws.endpoint.region}:000000000000:suspicious"
    with faults.forbidden(bench.pipeline, "fraud", "sqs:SendMessage", resource=arn):
        bench.wait_red(FRAUD_ERRORS, posting=True)
        assert bench.pipeline.decision(bench.sent[0]).suspicious
    bench.wait_green()
    bench.expect_nothing_lost()


def test_notify_role_that_may_not_publish_is_redriven(bench: Bench) -> None:
    with (
        faults.forbidden(bench.pipeline, "notify", "sns:Publish"),
        faults.impatient(bench.pipeline, bench.suspicious_url),
    ):
        bench.post()
        bench.wait_red("queue suspicious-dlq")
        assert not bench.pipeline.mails_about(bench.sent[0])
    assert bench.redrive(queues.ALERTS) == 0
    bench.wait_green()
    bench.expect_nothing_lost()


def test_pipe_role_that_may_not_put_events_heals_by_itself(bench: Bench) -> None:
    with faults.forbidden(bench.pipeline, "pipe", "events:PutEvents"):
        bench.wait_red("alarm fraud-pipeline-processing-pipe-failed", posting=True)
    bench.wait_green()
    bench.expect_nothing_lost()


def test_api_role_that_may_not_store_fails_requests_and_recovers(bench: Bench) -> None:
    def fail() -> bool:
        reply = bench.post_harmless()
        assert reply.status == 503
        assert reply.content_type == "application/problem+json"
        return bench.names(AVAILABLE)

    with faults.forbidden(bench.pipeline, "api", "dynamodb:PutItem"):
        wait_for(fail, seconds=SECONDS, what=AVAILABLE)
    bench.wait_green()
    bench.expect_nothing_lost()


def test_labels_role_that_may_not_write_fails_requests_and_recovers(bench: Bench) -> None:
    sent = bench.post()
    bench.pipeline.decision(sent)

    def fail() -> bool:
        reply = bench.pipeline.label(sent, "fraud")
        assert reply.status == 503
        assert reply.content_type == "application/problem+json"
        return bench.names(AVAILABLE)

    with faults.forbidden(bench.pipeline, "labels", "dynamodb:UpdateItem"):
        wait_for(fail, seconds=SECONDS, what=AVAILABLE)
    assert bench.pipeline.label(sent, "fraud").status in (200, 201)
    bench.wait_green()
    bench.expect_nothing_lost()
