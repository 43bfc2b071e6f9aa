import pytest
from pulumi.runtime.rpc import UNKNOWN

from orchestration.layers import LAYERS
from orchestration.planning import plan_view
from orchestration.planning.scheduler import LayerResult, ResultStatus
from orchestration.pulumi.property_diff import PropertyChange
from orchestration.pulumi.results import Changes, OperationResult, Step
from shared.contracts import RESERVED

QUEUE = "aws:sqs/queue:Queue"
ROLE = "aws:iam/role:Role"
VISIBILITY = PropertyChange("visibilityTimeoutSeconds", 30, 360)


def print_lines(capsys: pytest.CaptureFixture[str], value: OperationResult) -> list[str]:
    plan_view.print_plan([LayerResult(LAYERS[0], ResultStatus.DONE, value=value)], "Changes")
    return capsys.readouterr().out.splitlines()


def print_step(capsys: pytest.CaptureFixture[str], step: Step) -> list[str]:
    return print_lines(capsys, OperationResult(Changes(update=1), steps=(step,)))[2:]


def test_losses_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    steps = (Step("create", ROLE, "new"), Step("replace", QUEUE, "suspicious", ("name",)))
    lines = print_lines(capsys, OperationResult(Changes(create=1, replace=1), steps=steps))
    assert lines[1].startswith(f"  ! foundation: suspicious ({QUEUE})")
    assert lines[2:] == [
        "  foundation  1 to replace, 1 to create",
        f"    ± replace suspicious ({QUEUE})  name",
        f"    + create  new ({ROLE})",
    ]


def test_only_deletion_of_a_resource_with_data_is_a_loss() -> None:
    steps = (Step("delete", ROLE, "old"), Step("update", QUEUE, "kept"), Step("delete", QUEUE, "gone"))
    result = LayerResult(LAYERS[0], ResultStatus.DONE, value=OperationResult(Changes(), steps=steps))
    assert [loss.step.name for loss in plan_view.find_losses([result])] == ["gone"]


def test_changed_scalars_have_their_values_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    step = Step("update", QUEUE, "suspicious", ("visibilityTimeoutSeconds", "policy"), (VISIBILITY,))
    assert print_step(capsys, step) == [
        f"    ~ update  suspicious ({QUEUE})  policy",
        "        visibilityTimeoutSeconds  30 → 360",
    ]


def test_value_inside_of_a_changed_map_is_shown_with_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    step = Step("update", QUEUE, "q", ("tags",), (PropertyChange("tags.owner", "ann", None),))
    assert print_step(capsys, step)[1:] == ['        tags.owner  "ann" → none']


def test_secret_values_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    step = Step("update", QUEUE, "q", ("token",), (PropertyChange("token", secret=True),))
    [_, line] = print_step(capsys, step)
    assert "token" in line
    assert "→" not in line


def test_long_values_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    step = Step("update", QUEUE, "q", ("text",), (PropertyChange("text", "a" * 500, "b"),))
    [_, line] = print_step(capsys, step)
    assert len(line) < 80
    assert line.endswith('… → "b"')


def test_value_that_only_aws_knows_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    step = Step("update", QUEUE, "q", ("arn",), (PropertyChange("arn", "a", UNKNOWN),))
    assert print_step(capsys, step)[1:] == ['        arn  "a" → unknown']


def test_maps_and_lists_are_named_without_values(capsys: pytest.CaptureFixture[str]) -> None:
    step = Step("update", QUEUE, "q", ("ids",), (PropertyChange("ids", ["a"], ["b"]),))
    assert print_step(capsys, step) == [f"    ~ update  q ({QUEUE})  ids"]


def test_long_list_of_properties_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = print_step(capsys, Step("update", ROLE, "big", tuple("abcdefgh")))
    assert line.endswith("a, b, c, d, e, f, 2 more")


def test_plan_without_steps_only_counts_resources(capsys: pytest.CaptureFixture[str]) -> None:
    value = OperationResult(Changes(delete=1), steps=(Step("delete", ROLE, "old"),))
    plan = [LayerResult(LAYERS[0], ResultStatus.DONE, value=value)]
    plan_view.print_plan(plan, "Resources to delete", with_steps=False)
    assert capsys.readouterr().out.splitlines()[1:] == ["  foundation  1 to delete"]


def test_changed_outputs_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    value = OperationResult(
        Changes(),
        outputs={"same": 1, "new": 1, "other": 2},
        outputs_before={"same": 1, "old": 1, "other": 1},
    )
    assert print_lines(capsys, value)[1:] == [
        "  foundation  only outputs change",
        "    output new would be added",
        "    output old would be removed",
        "    output other would change  1 → 2",
    ]


def test_output_that_only_aws_knows_may_change(capsys: pytest.CaptureFixture[str]) -> None:
    value = OperationResult(
        Changes(), outputs={"url": UNKNOWN, "ids": [UNKNOWN]}, outputs_before={"url": "u"}
    )
    assert print_lines(capsys, value)[2:] == [
        "    output ids would be added",
        "    output url may change",
    ]


def test_unchanged_layer_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_lines(capsys, OperationResult(Changes(same=3)))[1:] == ["  foundation  no change"]


def test_layer_whose_input_changes_in_the_same_plan_has_a_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    foundation, data, *_ = LAYERS
    before, after = {"key": "k", "vpc": "v"}, {"key": "k", "vpc": "w"}
    inputs = {"foundation": {"vpc": "string"}}
    plan = [
        LayerResult(
            foundation,
            ResultStatus.DONE,
            value=OperationResult(Changes(), outputs=after, outputs_before=before),
        ),
        LayerResult(
            data, ResultStatus.DONE, value=OperationResult(Changes(), outputs={RESERVED: {"inputs": inputs}})
        ),
    ]
    plan_view.print_plan(plan, "Changes")
    assert "foundation.vpc" in capsys.readouterr().out.splitlines()[-1]
    inputs["foundation"] = {"key": "string"}
    plan_view.print_plan(plan, "Changes")
    assert "foundation.vpc" not in capsys.readouterr().out


@pytest.mark.parametrize("in_account", [True, False])
def test_replacing_a_subnet_takes_long_in_an_account_only(
    in_account: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Step("replace", "aws:ec2/subnet:Subnet", "private-1", ("availabilityZone",))
    result = LayerResult(
        LAYERS[0], ResultStatus.DONE, value=OperationResult(Changes(replace=1), steps=(step,))
    )
    plan_view.print_plan([result], "Plan", in_account=in_account)
    assert ("45 minutes" in capsys.readouterr().out) is in_account
