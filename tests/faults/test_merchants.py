"""Batches of merchants that fail or are delivered again."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from functions.common.dynamodb.profile_items import decode_merchant
from shared.contracts import DataOutputs, require_string
from tests.e2e import faults
from tests.faults.fault_scenario import TIMEOUT_SECONDS, FaultScenario
from tests.waiting import wait_for

POSTS = 3


def create_merchant() -> str:
    return f"m-{uuid.uuid4().hex[:12]}"


def count_transactions(scenario: FaultScenario, merchant: str) -> int:
    item = scenario.pipeline.read_profile("merchant", merchant)
    return sum(decode_merchant(merchant, item or None).profile.half_days.counts)


def wait_for_count(scenario: FaultScenario, merchant: str, count: int) -> None:
    wait_for(
        lambda: count_transactions(scenario, merchant) == count,
        seconds=TIMEOUT_SECONDS,
        what=f"a count of {count}",
    )


@contextmanager
def deliver_again(scenario: FaultScenario) -> Iterator[str]:
    """Deliver the whole stream once more, with a second mapping. Yields its ID."""
    client = scenario.client("lambda")
    name = scenario.pipeline.deployed.function_names()["merchants"]
    [mapping] = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    stream = require_string(scenario.pipeline.outputs(DataOutputs).transactions_stream_arn)
    repeated = client.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName=name,
        StartingPosition="TRIM_HORIZON",
        TumblingWindowInSeconds=mapping["TumblingWindowInSeconds"],
        FilterCriteria=mapping["FilterCriteria"],
    )["UUID"]
    try:
        yield repeated
    finally:
        client.delete_event_source_mapping(UUID=repeated)


def test_merchants_role_without_write_permission_counts_each_transaction_after_the_repair(
    scenario: FaultScenario,
) -> None:
    merchant = create_merchant()
    with faults.deny_actions(scenario.pipeline, "merchants", "dynamodb:UpdateItem"):
        for _ in range(POSTS):
            scenario.post(merchant_id=merchant)
        scenario.pipeline.wait_for_log_lines("merchants", "invocation failed")
        assert count_transactions(scenario, merchant) == 0
    wait_for_count(scenario, merchant, POSTS)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_stream_that_is_delivered_again_counts_nothing_twice(scenario: FaultScenario) -> None:
    merchant, last = create_merchant(), create_merchant()
    for _ in range(POSTS):
        scenario.post(merchant_id=merchant)
    wait_for_count(scenario, merchant, POSTS)
    with deliver_again(scenario) as mapping:
        scenario.post(merchant_id=last)
        wait_for(
            lambda: (
                scenario.client("lambda")
                .get_event_source_mapping(UUID=mapping)["LastProcessingResult"]
                .startswith("OK")
            ),
            seconds=TIMEOUT_SECONDS,
            what="the second delivery",
        )
        wait_for_count(scenario, last, 1)
    assert count_transactions(scenario, merchant) == POSTS
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()
