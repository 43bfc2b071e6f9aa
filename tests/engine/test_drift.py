"""Drift of the deployed pipeline. Each test reverts its changes."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from operations.deployed import DeployedPipeline
from orchestration.layers import LAYERS, find_layer
from orchestration.pulumi.engine import Engine
from orchestration.session import EnvironmentSession
from orchestration.state import locks
from orchestration.status import drift
from shared.contracts import DataOutputs, ProcessingOutputs, require_string

DATA, PROCESSING = find_layer("data"), find_layer("processing")
ReadDrift = Callable[[], tuple[int, dict[str, Any]]]


@pytest.fixture
def engine(deployed: DeployedPipeline) -> Engine:
    """The engine that the task uses."""
    return EnvironmentSession(deployed.environment).open_engine()


@pytest.fixture
def read_drift(deployed: DeployedPipeline, engine: Engine, capsys: pytest.CaptureFixture[str]) -> ReadDrift:
    """Runs the task; returns its exit status and the changes of each resource, by layer and name."""

    def read_drift() -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        layer_locks = locks.open_locks(deployed.environment, engine)
        status = drift.show_drift(deployed.environment, engine, layer_locks, LAYERS, as_json=True)
        report = json.loads(capsys.readouterr().out)
        return status, {
            f"{layer['layer']} {resource['name']}": resource["changes"] or resource["gone"]
            for layer in report["layers"]
            for resource in layer["resources"]
        }

    return read_drift


@pytest.fixture
def revert_changes(engine: Engine) -> Iterator[None]:
    """Reverts the changes in the layers after the test."""
    yield
    for layer in (DATA, PROCESSING):
        engine.up(layer, refresh=True)


def changes(*properties: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"property": name, "was": was, "is": now, "secret": False} for name, was, now in properties]


def read_state(deployed: DeployedPipeline) -> bytes:
    folder = deployed.environment.state_folder / "pulumi/.pulumi/stacks"
    return (folder / "fraud-data/local.json").read_bytes()


def test_new_deployment_has_no_drift(read_drift: ReadDrift) -> None:
    assert read_drift() == (0, {})


@pytest.mark.usefixtures("revert_changes")
def test_changed_visibility_timeout_is_drift_until_a_deployment_reverts_it(
    aws: EmbeddedAws, deployed: DeployedPipeline, engine: Engine, read_drift: ReadDrift
) -> None:
    sqs, url = aws.client("sqs"), require_string(deployed.outputs(DataOutputs).suspicious_queue_url)
    before = read_state(deployed)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "45"})

    drifted = read_drift()
    assert drifted == (2, {"data suspicious": changes(["visibilityTimeoutSeconds", 360, 45])})
    assert read_drift() == drifted
    assert read_state(deployed) == before

    engine.up(DATA, refresh=True)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes == {"VisibilityTimeout": "360"}
    assert read_drift() == (0, {})


@pytest.mark.usefixtures("revert_changes")
def test_drift_names_the_layer_and_the_path_in_a_document(
    aws: EmbeddedAws, deployed: DeployedPipeline, read_drift: ReadDrift
) -> None:
    function = require_string(deployed.outputs(ProcessingOutputs).notify_function_name)
    aws.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{function}")
    aws.client("lambda").update_function_configuration(FunctionName=function, MemorySize=1024)
    url = require_string(deployed.outputs(DataOutputs).suspicious_queue_url)
    sqs = aws.client("sqs")
    policy = json.loads(
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    )
    policy["Statement"][0]["Effect"] = "Allow"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})

    status, drifted = read_drift()
    assert status == 2
    memory = drifted["processing notify-function"][0]["was"]
    assert drifted == {
        "data suspicious": changes(["policy.Statement[0].Effect", "Deny", "Allow"]),
        "processing notify-function": changes(["memorySize", memory, 1024]),
        "processing notify-logs": True,
    }
