import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import UpdateSummary
from rich.console import Console

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer
from orchestration.planning.compatibility import Problem, Stale
from orchestration.state.locks import Holder
from orchestration.status.history import Update, updates
from orchestration.status.layer_status import Distance, LayerStatus
from orchestration.status.mail import MailCheck
from orchestration.status.status import Nothing, as_table, notes, status
from orchestration.status.subscriptions import Reason, Unconfirmed
from terminal.errors import UserError
from tests.unit.orchestration.updates import STARTED, summary

PROD = Environment("prod", Path("/nowhere"))
DATA = LAYERS[1]
NOW = datetime(2026, 1, 2, 6, 4, 5, tzinfo=UTC)
UP_TO_DATE = Distance(0, 0, 0)


@dataclass
class Stacks:
    """Updates by layer, each with one queue; a layer without an entry is not there."""

    summaries: Mapping[str, list[UpdateSummary]] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, Holder] = field(default_factory=dict)

    def exported(self, layer: Layer) -> dict[str, Any]:
        if layer.name in self.broken:
            raise UserError(self.broken[layer.name])
        queue = {"type": "aws:sqs/queue:Queue", "custom": True}
        return {"resources": [queue]} if layer.name in self.summaries else {}

    def history(self, layer: Layer) -> list[UpdateSummary]:
        return self.summaries.get(layer.name, [])

    def holder(self, layer: Layer) -> Holder | None:
        return self.held.get(layer.name)

    def interrupt(self) -> None:
        raise AssertionError("nobody interrupts")


def update(**changed: Any) -> Update:
    return updates(Stacks({"data": [summary(**changed)]}), DATA)[0]


def said(one: LayerStatus) -> list[str]:
    return [f"{sentence} {command}".strip() for sentence, command in notes(PROD, one)]


def deployed(**changed: Any) -> LayerStatus:
    return LayerStatus(
        **{"layer": DATA, "deployed": True, "update": update(), "distance": UP_TO_DATE, **changed}
    )


def test_each_layer_has_a_row_also_where_nothing_is_deployed(capsys: pytest.CaptureFixture[str]) -> None:
    status(PROD, Nothing(), Nothing())
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if "not there" in line] == [layer.name for layer in LAYERS]
    assert "data: not deployed. invoke deploy --env prod --layer data" in lines


def test_a_row_says_version_result_age_who_and_commit(capsys: pytest.CaptureFixture[str]) -> None:
    status(PROD, Stacks({"data": [summary(dirty=True), summary()]}), Stacks(), now=NOW)
    printed = capsys.readouterr().out
    [row] = [line for line in printed.splitlines() if "│ data" in line]
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert cells == ["data", "2", "succeeded", "3 h", "Ann", "1a2b3c4*", "?", "1", "?", "·"]
    assert "* deployed from files that differed from that commit" in printed


def test_the_table_fits_120_columns() -> None:
    holder = Holder("somebody-with-a-long-name", "laptop", 12)
    problem = Problem("data", "table_name", "edge", "text", None)
    long = update(message="deploy data\n\nBy: Somebody With A Long Name (run 1234567890)", dirty=True)
    rows = [
        LayerStatus(layer, True, long, None, Distance(1234, 1, 0), 1234, (), True, [problem] * 12, (), holder)
        for layer in LAYERS
    ]
    console = Console(width=300)
    lines = console.render_lines(as_table(PROD, rows, datetime(2029, 1, 1, tzinfo=UTC)), pad=False)
    assert max(sum(segment.cell_length for segment in line) for line in lines) <= 120


def test_what_is_as_it_should_be_is_not_spoken_of() -> None:
    assert said(deployed()) == []


def test_a_failed_update_names_the_last_that_succeeded() -> None:
    one = deployed(update=update(result="failed", version=8), last_good=update(version=7))
    assert said(one) == [
        "update 8 failed; the last that succeeded was 7. invoke deploy --env prod --layer data"
    ]


def test_a_cut_off_update_is_to_be_recovered() -> None:
    one = deployed(pending=("creating alerts (aws:sns/topic:Topic)",))
    assert said(one) == [
        "cut off while creating alerts (aws:sns/topic:Topic). invoke recover --env prod --layer data"
    ]


def test_commits_that_touch_the_layer_are_to_be_deployed() -> None:
    assert said(deployed(distance=Distance(5, 2, 0))) == [
        "2 of 5 newer commits touch it. invoke deploy --env prod --layer data"
    ]
    assert said(deployed(distance=Distance(5, 0, 0))) == []


def test_a_commit_that_is_not_in_this_clone_is_to_be_fetched() -> None:
    assert said(deployed(distance=None)) == ["commit 1a2b3c4 is not in this clone. git fetch"]


def test_a_missing_field_names_the_layer_to_deploy() -> None:
    one = deployed(missing=[Problem("foundation", "data_key_arn", "data", "text", None)])
    assert said(one) == [
        "uses data_key_arn of foundation, which is not there. invoke deploy --env prod --layer foundation"
    ]


def test_a_stale_layer_names_the_fields_and_is_to_be_deployed() -> None:
    one = deployed(stale=[Stale("foundation", "data_key_arn", "data")])
    assert said(one) == [
        "deployed before foundation.data_key_arn changed. invoke deploy --env prod --layer data"
    ]


def test_a_refreshed_layer_is_to_be_deployed_in_case_it_is_stale() -> None:
    assert said(deployed(update=update(kind="refresh"))) == [
        "refreshed since its update, so what it reads may have changed before that."
        " invoke deploy --env prod --layer data"
    ]


def test_a_held_stack_names_its_holder_and_a_lost_lock_how_to_get_rid_of_it() -> None:
    assert said(deployed(holder=Holder("ann", "laptop", 12))) == ["ann@laptop (process 12) holds the stack."]
    assert said(deployed(holder=Holder("ann", "laptop", 12, gone=True))) == [
        "ann@laptop (process 12, which is gone) holds the stack. invoke recover --env prod --layer data"
    ]


def test_json_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    stacks = Stacks({"data": [summary()]}, held={"data": Holder("ann", "laptop", 12, STARTED)})
    status(PROD, stacks, stacks, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [one["layer"] for one in found["layers"]] == [layer.name for layer in LAYERS]
    data = found["layers"][1]
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


def test_a_layer_that_cannot_be_read_leaves_the_others_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match=r"^Not looked at: edge\.$"):
        status(PROD, Stacks({"data": [summary()]}, broken={"edge": "edge: no access"}), Stacks())
    printed = capsys.readouterr()
    assert "│ data" in printed.out
    assert "edge: no access" in printed.err


def unconfirmed(_environment: Environment, _states: Sequence[Mapping[str, Any]]) -> MailCheck:
    return MailCheck([Unconfirmed("arn:aws:sns:us-east-1:1:fraud-alerts", "ann@example.com", Reason.PENDING)])


def test_addresses_that_receive_no_mail_are_named_below_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    stacks = Stacks({"data": [summary()]})
    status(PROD, stacks, stacks, look_at_mail=unconfirmed)
    assert "ann@example.com" in capsys.readouterr().out
    status(PROD, stacks, stacks, look_at_mail=unconfirmed, as_json=True)
    assert json.loads(capsys.readouterr().out)["unconfirmed_addresses"] == [
        {"topic": "fraud-alerts", "address": "ann@example.com", "reason": "pending"}
    ]


def test_subscriptions_that_cannot_be_checked_do_not_fail_the_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stacks = Stacks({"data": [summary()]})
    status(PROD, stacks, stacks, look_at_mail=lambda *_: MailCheck(None, "no credentials"))
    assert "no credentials" in capsys.readouterr().out
    status(PROD, stacks, stacks, look_at_mail=lambda *_: MailCheck(None, "no credentials"), as_json=True)
    assert json.loads(capsys.readouterr().out)["unconfirmed_addresses"] is None


def test_a_stopped_embedded_aws_is_shown_where_layers_are_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local, stacks = Environment("local", tmp_path), Stacks({"data": [summary()]})
    status(local, stacks, stacks)
    assert "invoke local.up" in capsys.readouterr().out
    status(local, stacks, stacks, as_json=True)
    assert json.loads(capsys.readouterr().out)["embedded_aws"] == "stopped"


def test_nothing_is_said_of_the_embedded_aws_where_no_layer_is_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status(Environment("local", tmp_path), Nothing(), Nothing())
    assert "invoke local.up" not in capsys.readouterr().out
