"""A function is throttled, misconfigured or broken, and repaired."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.bench import Bench

FRAUD_ERRORS = "alarm fraud-pipeline-processing-fraud-errors"


@contextmanager
def configured(bench: Bench, function: str, **changes: Any) -> Iterator[None]:
    """A function has another configuration."""
    client, name = bench.client("lambda"), bench.pipeline.deployed.functions()[function]
    before = client.get_function_configuration(FunctionName=name)
    client.update_function_configuration(FunctionName=name, **changes)
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=name, **{key: before[key] for key in changes})


@contextmanager
def throttled(bench: Bench, function: str) -> Iterator[None]:
    """A function may not run at all."""
    client, name = bench.client("lambda"), bench.pipeline.deployed.functions()[function]
    before = client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=before)


def test_throttled_fraud_function_heals_by_itself(bench: Bench) -> None:
    with throttled(bench, "fraud"):
        bench.post()
        bench.wait_red("function fraud-pipeline-fraud")
    bench.wait_green()
    bench.expect_nothing_lost()


def test_throttled_notify_function_heals_by_itself(bench: Bench) -> None:
    with throttled(bench, "notify"):
        sent = bench.post()
        bench.wait_red("function fraud-pipeline-notify")
        assert bench.pipeline.decision(sent).suspicious
        assert not bench.pipeline.mails_about(sent)
    bench.wait_green()
    bench.expect_nothing_lost()


def test_fraud_function_with_a_wrong_table_name_heals_after_the_deployment(bench: Bench) -> None:
    client, name = bench.client("lambda"), bench.pipeline.deployed.functions()["fraud"]
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    wrong = {"Variables": {**variables, "TABLE_NAME": "nowhere"}}
    with configured(bench, "fraud", Environment=wrong):
        bench.wait_red(FRAUD_ERRORS, posting=True)
    bench.wait_green()
    bench.expect_nothing_lost()


def test_fraud_function_whose_code_does_not_start_heals_after_the_deployment(bench: Bench) -> None:
    with configured(bench, "fraud", Handler="functions.fraud.nothing.handle"):
        bench.wait_red(FRAUD_ERRORS, posting=True)
    bench.wait_green()
    bench.expect_nothing_lost()
