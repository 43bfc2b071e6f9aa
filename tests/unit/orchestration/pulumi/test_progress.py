import io
import threading
from typing import Any

import pytest
from pulumi.automation import EngineEvent
from rich.console import Console

from orchestration.layers import LAYERS
from orchestration.pulumi.progress import Progress

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


class Slow(Console):
    """A terminal whose first line takes as long as it takes to draw what is above it anew."""

    drawn: "threading.Event | None" = None
    progress: Progress

    def print(self, *objects: Any, **options: Any) -> None:
        if self.drawn is None and objects and "created" in str(objects[0]):
            self.drawn = threading.Event()
            threading.Thread(target=self._draw, daemon=True).start()
            assert self.drawn.wait(10), "the table waits for the line, and the line for the table"
        super().print(*objects, **options)

    def _draw(self) -> None:
        assert self.progress._live
        self.progress._live.refresh()
        assert self.drawn
        self.drawn.set()


def test_a_line_does_not_wait_for_a_table_that_waits_for_the_line() -> None:
    output = Slow(file=io.StringIO(), width=200, force_terminal=True)
    with Progress(output) as output.progress:
        output.progress.event(DATA, step("create"))
    assert output.drawn
    assert output.drawn.is_set()


@pytest.mark.parametrize("operation", ["delete", "delete-replaced"])
def test_a_slow_deletion_is_announced_when_it_begins(operation: str) -> None:
    output = io.StringIO()
    progress = Progress(Console(file=output, width=200), slow={"aws:ec2/subnet:Subnet": "up to 45 minutes"})
    for kind, planning in (
        ("aws:ec2/subnet:Subnet", False),
        ("aws:ec2/subnet:Subnet", True),
        ("x:y:Z", False),
    ):
        metadata = {"op": operation, "urn": QUEUE, "type": kind, "provider": ""}
        progress.event(DATA, from_json({"resourcePreEvent": {"metadata": metadata, "planning": planning}}))
    assert output.getvalue().count("up to 45 minutes") == 1
