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


def make_step(operation: str, kind: str = "aws:sqs/queue:Queue", *, planning: bool = False) -> EngineEvent:
    metadata = {"op": operation, "urn": QUEUE, "type": kind, "provider": ""}
    return make_event({"resOutputsEvent": {"metadata": metadata, "planning": planning}})


def make_event(event: dict[str, object]) -> EngineEvent:
    return EngineEvent.from_json({"sequence": 0, "timestamp": 0, **event})


def make_warning(message: str) -> EngineEvent:
    return make_event({"diagnosticEvent": {"message": message, "color": "never", "severity": "warning"}})


def print_events(*events: EngineEvent) -> str:
    """Return the output without a terminal."""
    output = io.StringIO()
    with Progress(Console(file=output, width=200)) as progress:
        for event in events:
            progress.handle_event(DATA, event)
    return output.getvalue()


def test_change_is_a_line_with_layer_type_and_name() -> None:
    assert print_events(make_step("create")) == "data: sqs.Queue suspicious created\n"


def test_planned_change_is_marked_as_planned() -> None:
    assert print_events(make_step("update", planning=True)) == "data: sqs.Queue suspicious would be updated\n"


def test_unchanged_resource_is_not_printed() -> None:
    assert print_events(make_step("same"), make_step("create", "pulumi:pulumi:Stack")) == ""


def test_warning_is_printed_once_without_its_advice() -> None:
    text = "2 operations are pending\n\nYou should confirm whether [they] completed.\n"
    assert print_events(make_warning(text), make_warning(text)) == "data: warning: 2 operations are pending\n"


class SlowConsole(Console):
    """A terminal whose first line waits until the table above it is drawn."""

    drawn: "threading.Event | None" = None
    progress: Progress

    def print(self, *objects: Any, **options: Any) -> None:
        if self.drawn is None and objects and "created" in str(objects[0]):
            self.drawn = threading.Event()
            threading.Thread(target=self._draw, daemon=True).start()
            assert self.drawn.wait(10), "the table and the line wait for each other"
        super().print(*objects, **options)

    def _draw(self) -> None:
        assert self.progress._live
        self.progress._live.refresh()
        assert self.drawn
        self.drawn.set()


def test_line_and_table_do_not_wait_for_each_other() -> None:
    output = SlowConsole(file=io.StringIO(), width=200, force_terminal=True)
    with Progress(output) as output.progress:
        output.progress.handle_event(DATA, make_step("create"))
    assert output.drawn
    assert output.drawn.is_set()


@pytest.mark.parametrize("operation", ["delete", "delete-replaced"])
def test_slow_deletion_is_announced_when_it_starts(operation: str) -> None:
    output = io.StringIO()
    progress = Progress(
        Console(file=output, width=200), slow_types={"aws:ec2/subnet:Subnet": "up to 45 minutes"}
    )
    for kind, planning in (
        ("aws:ec2/subnet:Subnet", False),
        ("aws:ec2/subnet:Subnet", True),
        ("x:y:Z", False),
    ):
        metadata = {"op": operation, "urn": QUEUE, "type": kind, "provider": ""}
        progress.handle_event(
            DATA, make_event({"resourcePreEvent": {"metadata": metadata, "planning": planning}})
        )
    assert output.getvalue().count("up to 45 minutes") == 1
