"""Throttled, misconfigured and broken functions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.fault_scenario import FaultScenario

FRAUD_ERRORS = "alarm fraud-pipeline-processing-fraud-errors"


@contextmanager
def change_configuration(scenario: FaultScenario, function: str, **changes: Any) -> Iterator[None]:
    """Change the configuration of a function."""
    client, name = scenario.client("lambda"), scenario.pipeline.deployed.function_names()[function]
    before = client.get_function_configuration(FunctionName=name)
    client.update_function_configuration(FunctionName=name, **changes)
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=name, **{key: before[key] for key in changes})


@contextmanager
def throttle(scenario: FaultScenario, function: str) -> Iterator[None]:
    """Set the reserved concurrency of a function to 0."""
    client, name = scenario.client("lambda"), scenario.pipeline.deployed.function_names()[function]
    before = client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=before)


def test_throttled_fraud_function_recovers_by_itself(scenario: FaultScenario) -> None:
    with throttle(scenario, "fraud"):
        scenario.post()
        scenario.wait_until_unhealthy("function fraud-pipeline-fraud")
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_throttled_notify_function_recovers_by_itself(scenario: FaultScenario) -> None:
    with throttle(scenario, "notify"):
        transaction = scenario.post()
        scenario.wait_until_unhealthy("function fraud-pipeline-notify")
        assert scenario.pipeline.wait_for_decision(transaction).suspicious
        assert not scenario.pipeline.read_mails_about(transaction)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_fraud_function_with_a_wrong_table_name_recovers_after_the_deployment(
    scenario: FaultScenario,
) -> None:
    client, name = scenario.client("lambda"), scenario.pipeline.deployed.function_names()["fraud"]
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    wrong = {"Variables": {**variables, "TABLE_NAME": "nowhere"}}
    with change_configuration(scenario, "fraud", Environment=wrong):
        scenario.wait_until_unhealthy(FRAUD_ERRORS, posting=True)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()


def test_fraud_function_that_does_not_start_recovers_after_the_deployment(scenario: FaultScenario) -> None:
    with change_configuration(scenario, "fraud", Handler="functions.fraud.nothing.handle"):
        scenario.wait_until_unhealthy(FRAUD_ERRORS, posting=True)
    scenario.wait_until_healthy()
    scenario.expect_nothing_lost()
