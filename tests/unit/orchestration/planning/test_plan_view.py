import pytest
from pulumi.runtime.rpc import UNKNOWN

from orchestration.layers import LAYERS
from orchestration.planning import plan_view
from orchestration.planning.scheduler import Fate, Report
from orchestration.pulumi.results import Changes, Outcome, Step
from shared.contracts import RESERVED

QUEUE = "aws:sqs/queue:Queue"
ROLE = "aws:iam/role:Role"


def shown(capsys: pytest.CaptureFixture[str], outcome: Outcome) -> list[str]:
    plan_view.show([Report(LAYERS[0], Fate.DONE, result=outcome)], "Would change")
    return capsys.readouterr().out.splitlines()


def test_what_loses_data_comes_first_and_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    steps = (Step("create", ROLE, "new"), Step("replace", QUEUE, "suspicious", ("name",)))
    lines = shown(capsys, Outcome(Changes(create=1, replace=1), steps=steps))
    assert lines[1] == (
        f"  ! foundation: suspicious ({QUEUE}) would be replaced (changed: name):"
        " every message in it is lost."
    )
    assert lines[2:] == [
        "  foundation  1 to replace, 1 to create",
        f"    ± replace suspicious ({QUEUE})  name",
        f"    + create  new ({ROLE})",
    ]


def test_only_what_holds_something_and_goes_is_a_loss() -> None:
    steps = (Step("delete", ROLE, "old"), Step("update", QUEUE, "kept"), Step("delete", QUEUE, "gone"))
    report = Report(LAYERS[0], Fate.DONE, result=Outcome(Changes(), steps=steps))
    assert [loss.step.name for loss in plan_view.losses([report])] == ["gone"]


def test_outputs_that_come_and_go_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(
        Changes(), outputs={"same": 1, "new": 1, "other": 2}, before={"same": 1, "old": 1, "other": 1}
    )
    assert shown(capsys, outcome)[1:] == [
        "  foundation  only outputs change",
        "    output new would come",
        "    output old would go",
        "    output other would change",
    ]


def test_an_output_that_is_known_only_afterwards_may_change(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome(Changes(), outputs={"url": UNKNOWN, "ids": [UNKNOWN]}, before={"url": "u"})
    assert shown(capsys, outcome)[2:] == ["    output ids would come", "    output url may change"]


def test_nothing_to_do_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, Outcome(Changes(same=3)))[1] == "  foundation  no change"


def test_a_long_list_of_properties_is_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    step = Step("update", ROLE, "big", tuple("abcdefgh"))
    assert shown(capsys, Outcome(Changes(update=1), steps=(step,)))[-1].endswith("a, b, c, d, e, f, 2 more")


def test_a_layer_that_reads_what_changes_with_it_is_marked_as_a_guess(
    capsys: pytest.CaptureFixture[str],
) -> None:
    foundation, data, *_ = LAYERS
    was, will = {"key": "k", "vpc": "v"}, {"key": "k", "vpc": "w"}
    reads = {"foundation": {"vpc": "text"}}
    reports = [
        Report(foundation, Fate.DONE, result=Outcome(Changes(), outputs=will, before=was)),
        Report(data, Fate.DONE, result=Outcome(Changes(), outputs={RESERVED: {"reads": reads}})),
    ]
    plan_view.show(reports, "Would change")
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == (
        "    It reads foundation.vpc, which changes with the same deployment: more may change."
    )
    reads["foundation"] = {"key": "text"}
    plan_view.show(reports, "Would change")
    assert "more may change" not in capsys.readouterr().out


@pytest.mark.parametrize("in_account", [True, False])
def test_a_replaced_subnet_is_a_long_wait_in_an_account_only(
    in_account: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Step("replace", "aws:ec2/subnet:Subnet", "private-1", ("availabilityZone",))
    report = Report(LAYERS[0], Fate.DONE, result=Outcome(Changes(replace=1), steps=(step,)))
    plan_view.show([report], "Plan", in_account=in_account)
    assert ("45 minutes" in capsys.readouterr().out) is in_account
