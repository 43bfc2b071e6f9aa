import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import UpdateSummary
from rich.console import Console

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer
from orchestration.planning.compatibility import ChangedInput, ContractViolation
from orchestration.pulumi.engine import Engine
from orchestration.state.locks import LockHolder
from orchestration.status.history import Update, list_updates
from orchestration.status.layer_status import Distance, LayerStatus
from orchestration.status.mail import MailCheck
from orchestration.status.status import build_table, list_notes, show_status
from orchestration.status.subscriptions import Reason, Unconfirmed
from terminal.errors import UserError
from tests.unit.orchestration.stacks import FakeStacks
from tests.unit.orchestration.updates import STARTED, make_summary

PROD = Environment("prod", Path("/nowhere"))
DATA = LAYERS[1]
NOW = datetime(2026, 1, 2, 6, 4, 5, tzinfo=UTC)
UP_TO_DATE = Distance(0, 0, 0)
DEPLOY = "deploy --env prod --layer data"


class FakeEnvironment(Engine):
    """Updates by layer, each layer with one queue; a layer without an entry has no stack."""

    def __init__(
        self,
        summaries: Mapping[str, list[UpdateSummary]],
        *,
        failures: Mapping[str, str] | None = None,
        holders: Mapping[str, LockHolder] | None = None,
    ) -> None:
        self.summaries, self.failures, self.holders = summaries, failures or {}, holders or {}

    def export_deployment(self, layer: Layer) -> dict[str, Any]:
        if layer.name in self.failures:
            raise UserError(self.failures[layer.name])
        queue = {"type": "aws:sqs/queue:Queue", "custom": True}
        return {"resources": [queue]} if layer.name in self.summaries else {}

    def history(self, layer: Layer) -> list[UpdateSummary]:
        return self.summaries.get(layer.name, [])

    def holder(self, layer: Layer) -> LockHolder | None:
        return self.holders.get(layer.name)


def create_update(**changed: Any) -> Update:
    return list_updates(FakeStacks([make_summary(**changed)]), DATA)[0]


def deployed(**changed: Any) -> LayerStatus:
    status = {"layer": DATA, "deployed": True, "update": create_update(), "distance": UP_TO_DATE, **changed}
    return LayerStatus(**status)


def read_note(status: LayerStatus) -> tuple[str, str]:
    [note] = list_notes(PROD, status)
    return note


def read_row(text: str, layer: str) -> list[str]:
    [row] = [line for line in text.splitlines() if f"│ {layer} " in line]
    return [cell.strip() for cell in row.strip("│").split("│")]


def test_every_layer_has_a_row_if_nothing_is_deployed(capsys: pytest.CaptureFixture[str]) -> None:
    show_status(PROD, None, None)
    printed = capsys.readouterr().out
    for layer in LAYERS:
        assert read_row(printed, layer.name)[2] == "not deployed"
    assert DEPLOY in printed
    assert "health" not in printed


def test_row_has_version_result_age_user_and_commit(capsys: pytest.CaptureFixture[str]) -> None:
    environment = FakeEnvironment({"data": [make_summary(dirty=True), make_summary()]})
    show_status(PROD, environment, environment, now=NOW)
    printed = capsys.readouterr().out
    assert read_row(printed, "data") == [
        "data",
        "2",
        "succeeded",
        "3 h",
        "Ann",
        "1a2b3c4*",
        "?",
        "1",
        "?",
        "·",
    ]
    assert [line for line in printed.splitlines() if line.startswith("* ")]


def test_last_line_points_to_the_health_of_the_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    environment = FakeEnvironment({"data": [make_summary()]})
    show_status(PROD, environment, environment, now=NOW, find_unconfirmed_mail=lambda *_: MailCheck())
    assert "health --env prod" in capsys.readouterr().out.splitlines()[-1]


def long_statuses() -> list[LayerStatus]:
    holder = LockHolder("somebody-with-a-long-name", "laptop", 12)
    violation = ContractViolation("data", "topic", "edge", "string", None)
    update = create_update(
        message="deploy data\n\nBy: Somebody With A Long Name (run 1234567890)", dirty=True
    )
    distance = Distance(1234, 1, 0)
    return [
        LayerStatus(layer, True, update, None, distance, 1234, (), True, [violation] * 12, (), holder)
        for layer in LAYERS
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_table_fits_the_terminal_and_shows_the_layers_in_full(width: int) -> None:
    output = Console(width=width)
    table = build_table(PROD, long_statuses(), datetime(2029, 1, 1, tzinfo=UTC), output)
    with output.capture() as capture:
        output.print(table)
    lines = capture.get().splitlines()
    assert max(map(len, lines)) <= width
    assert all(any(f"│ {layer.name} " in line for line in lines) for layer in LAYERS)
    assert "12 missing" in capture.get()
    assert ("resources" in lines[2]) is (width == 120)


def test_up_to_date_layer_has_no_note() -> None:
    assert list(list_notes(PROD, deployed())) == []


def test_failed_update_names_the_last_successful_one() -> None:
    status = deployed(update=create_update(result="failed", version=8), last_good=create_update(version=7))
    sentence, command = read_note(status)
    assert "8" in sentence
    assert "7" in sentence
    assert command.endswith(DEPLOY)


def test_interrupted_update_has_to_be_recovered() -> None:
    sentence, command = read_note(deployed(pending=("creating alerts (aws:sns/topic:Topic)",)))
    assert "creating alerts (aws:sns/topic:Topic)" in sentence
    assert command.endswith("recover --env prod --layer data")


def test_newer_commits_that_change_the_layer_have_to_be_deployed() -> None:
    sentence, command = read_note(deployed(distance=Distance(5, 2, 0)))
    assert sentence.startswith("2 of 5 ")
    assert command.endswith(DEPLOY)
    assert list(list_notes(PROD, deployed(distance=Distance(5, 0, 0)))) == []


def test_commit_that_the_clone_lacks_has_to_be_fetched() -> None:
    sentence, command = read_note(deployed(distance=None))
    assert "1a2b3c4" in sentence
    assert command == "git fetch"


def test_missing_input_has_the_command_that_deploys_its_producer() -> None:
    violation = ContractViolation("foundation", "data_key_arn", "data", "string", None)
    sentence, command = read_note(deployed(missing=[violation]))
    assert "data_key_arn" in sentence
    assert command.endswith("deploy --env prod --layer foundation")


def test_stale_layer_has_to_be_deployed() -> None:
    sentence, command = read_note(deployed(stale=[ChangedInput("foundation", "data_key_arn", "data")]))
    assert "foundation.data_key_arn" in sentence
    assert command.endswith(DEPLOY)


def test_refreshed_layer_has_to_be_deployed() -> None:
    sentence, command = read_note(deployed(update=create_update(kind="refresh")))
    assert "refresh" in sentence
    assert command.endswith(DEPLOY)


@pytest.mark.parametrize(("ended", "command"), [(False, ""), (True, "recover --env prod --layer data")])
def test_lock_names_its_holder_and_a_lost_one_has_to_be_recovered(ended: bool, command: str) -> None:
    holder = LockHolder("ann", "laptop", 12, process_ended=ended)
    note = read_note(deployed(holder=holder))
    assert "ann@laptop" in note[0]
    assert note[1].endswith(command)
    assert bool(note[1]) is ended


def test_json_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    holders = {"data": LockHolder("ann", "laptop", 12, STARTED)}
    environment = FakeEnvironment({"data": [make_summary()]}, holders=holders)
    show_status(PROD, environment, environment, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert [layer["layer"] for layer in document["layers"]] == [layer.name for layer in LAYERS]
    data = document["layers"][1]
    assert data["deployed"]
    assert data["update"]["version"] == 1
    assert data["locked_by"]["user"] == "ann"
    assert data.keys() >= {
        "commits_behind",
        "resources",
        "contract_ok",
        "missing",
        "stale",
        "pending_operations",
    }


def test_layer_that_cannot_be_read_is_an_error_after_the_others_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment = FakeEnvironment({"data": [make_summary()]}, failures={"edge": "edge: no access"})
    with pytest.raises(UserError) as failed:
        show_status(PROD, environment, environment)
    assert "edge" in failed.value.message
    printed = capsys.readouterr()
    assert read_row(printed.out, "data")
    assert "edge: no access" in printed.err


def find_one_address(_environment: Environment, _states: Sequence[Mapping[str, Any]]) -> MailCheck:
    topic_arn = "arn:aws:sns:us-east-1:1:fraud-alerts"
    return MailCheck([Unconfirmed(topic_arn, "ann@example.com", Reason.PENDING)])


def test_unconfirmed_addresses_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    environment = FakeEnvironment({"data": [make_summary()]})
    show_status(PROD, environment, environment, find_unconfirmed_mail=find_one_address)
    assert "ann@example.com" in capsys.readouterr().out
    show_status(PROD, environment, environment, find_unconfirmed_mail=find_one_address, as_json=True)
    assert json.loads(capsys.readouterr().out)["unconfirmed_addresses"] == [
        {"topic": "fraud-alerts", "address": "ann@example.com", "reason": "pending"}
    ]


def test_failed_check_of_addresses_does_not_fail_the_status(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> MailCheck:
        return MailCheck(None, "no credentials")

    environment = FakeEnvironment({"data": [make_summary()]})
    show_status(PROD, environment, environment, find_unconfirmed_mail=fail)
    assert "no credentials" in capsys.readouterr().out
    show_status(PROD, environment, environment, find_unconfirmed_mail=fail, as_json=True)
    assert json.loads(capsys.readouterr().out)["unconfirmed_addresses"] is None


def test_stopped_embedded_aws_is_shown_if_layers_are_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local, environment = Environment("local", tmp_path), FakeEnvironment({"data": [make_summary()]})
    show_status(local, environment, environment)
    assert "invoke local.up" in capsys.readouterr().out
    show_status(local, environment, environment, as_json=True)
    assert json.loads(capsys.readouterr().out)["embedded_aws"] == "stopped"


def test_stopped_embedded_aws_is_not_shown_if_nothing_is_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_status(Environment("local", tmp_path), None, None)
    assert "invoke local.up" not in capsys.readouterr().out
