import io

from pulumi.automation import EngineEvent
from rich.console import Console

from orchestration.engine.progress import Progress
from orchestration.layers import LAYERS

DATA = LAYERS[1]
QUEUE = "urn:pulumi:local::fraud-data::aws:sqs/queue:Queue::suspicious"


def step(operation: str, kind: str = "aws:sqs/queue:Queue", *, planning: bool = False) -> EngineEvent:
    metadata = {"op": operation, "urn": QUEUE, "type": kind, "provider": ""}
    return from_json({"resOutputsEvent": {"metadata": metadata, "planning": planning}})


def from_json(event: dict[str, object]) -> EngineEvent:
    return EngineEvent.from_json({"sequence": 0, "timestamp": 0, **event})


def warning(message: str) -> EngineEvent:
    return from_json({"diagnosticEvent": {"message": message, "color": "never", "severity": "warning"}})


def shown(*events: EngineEvent) -> str:
    """What is printed where there is no terminal."""
    output = io.StringIO()
    with Progress(Console(file=output, width=200)) as progress:
        for event in events:
            progress.event(DATA, event)
    return output.getvalue()


def test_each_change_is_a_line_with_layer_type_and_name() -> None:
    assert shown(step("create")) == "data: sqs.Queue suspicious created\n"


def test_a_preview_says_what_would_be() -> None:
    assert shown(step("update", planning=True)) == "data: sqs.Queue suspicious would be updated\n"


def test_what_stays_the_same_is_not_told() -> None:
    assert shown(step("same"), step("create", "pulumi:pulumi:Stack")) == ""


def test_a_warning_is_told_once_and_without_its_page_of_advice() -> None:
    text = "2 operations are pending\n\nYou should confirm whether [they] completed.\n"
    assert shown(warning(text), warning(text)) == "data: warning: 2 operations are pending\n"
