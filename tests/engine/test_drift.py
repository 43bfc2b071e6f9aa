"""Drift on the deployed pipeline: each test puts back what it changed."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from operations.deployed import Deployed
from orchestration import engines
from orchestration.layers import LAYERS, find
from orchestration.pulumi.engine import Engine
from orchestration.state import locks
from orchestration.status import drift
from shared.contracts import DataOutputs, ProcessingOutputs, text

DATA, PROCESSING = find("data"), find("processing")
Look = Callable[[], tuple[int, dict[str, Any]]]


@pytest.fixture
def engine(deployed: Deployed) -> Engine:
    """As the task has it."""
    return engines.open_engine(deployed.environment)


@pytest.fixture
def look(deployed: Deployed, engine: Engine, capsys: pytest.CaptureFixture[str]) -> Look:
    """The task's exit status and what it says of each resource, by layer and name."""

    def look() -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        held = locks.of(deployed.environment, engine)
        status = drift.drift(deployed.environment, engine, held, LAYERS, as_json=True)
        found = json.loads(capsys.readouterr().out)
        resources = [(layer["layer"], one) for layer in found["layers"] for one in layer["resources"]]
        return status, {f"{layer} {one['name']}": one["changes"] or one["gone"] for layer, one in resources}

    return look


@pytest.fixture
def put_back(engine: Engine) -> Iterator[None]:
    """The layers as they were, whatever the test did."""
    yield
    for layer in (DATA, PROCESSING):
        engine.up(layer, refresh=True)


def changes(*properties: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"property": name, "was": was, "is": now, "secret": False} for name, was, now in properties]


def state_of(deployed: Deployed) -> bytes:
    folder = deployed.environment.state_folder / "pulumi/.pulumi/stacks"
    return (folder / "fraud-data/local.json").read_bytes()


def test_a_deployment_has_no_drift(look: Look) -> None:
    assert look() == (0, {})


@pytest.mark.usefixtures("put_back")
def test_a_changed_visibility_timeout_is_named_until_a_deploy_puts_it_back(
    aws: EmbeddedAws, deployed: Deployed, engine: Engine, look: Look
) -> None:
    sqs, url = aws.client("sqs"), text(deployed.outputs(DataOutputs).suspicious_queue_url)
    before = state_of(deployed)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "45"})

    found = look()
    assert found == (2, {"data suspicious": changes(["visibilityTimeoutSeconds", 360, 45])})
    assert look() == found
    assert state_of(deployed) == before

    engine.up(DATA, refresh=True)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes == {"VisibilityTimeout": "360"}
    assert look() == (0, {})


@pytest.mark.usefixtures("put_back")
def test_layers_are_told_apart_and_documents_are_looked_into(
    aws: EmbeddedAws, deployed: Deployed, look: Look
) -> None:
    function = text(deployed.outputs(ProcessingOutputs).notify_function_name)
    aws.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{function}")
    aws.client("lambda").update_function_configuration(FunctionName=function, MemorySize=1024)
    url = text(deployed.outputs(DataOutputs).suspicious_queue_url)
    sqs = aws.client("sqs")
    policy = json.loads(
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    )
    policy["Statement"][0]["Effect"] = "Allow"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})

    status, found = look()
    assert status == 2
    memory = found["processing notify-function"][0]["was"]
    assert found == {
        "data suspicious": changes(["policy.Statement[0].Effect", "Deny", "Allow"]),
        "processing notify-function": changes(["memorySize", memory, 1024]),
        "processing notify-logs": True,
    }
