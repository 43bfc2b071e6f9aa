"""Programs without an engine: what they export as far as it is known, and what they fail with."""

from pathlib import Path

import pytest

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.mocked_program import outputs_of
from terminal.errors import UserError

LAYER = Layer("shop", "toy-shop", ("data",))
PROGRAM = """
import pulumi, pulumi_aws as aws
from shared import contracts
from shared.contracts import DataOutputs, EdgeOutputs

data = contracts.load(DataOutputs)
queue = aws.sqs.Queue("queue", name=data.table_name)
contracts.export(
    EdgeOutputs(
        api_url=queue.url.apply(lambda url: url.upper()),
        api_id=aws.get_caller_identity().account_id,
        stage_name=pulumi.Config().require("stage"),
        api_arn=data.table_arn,
        function_name=queue.name,
        labels_url=queue.url,
        labels_api_arn=queue.arn,
        labels_function_name=queue.name,
    ),
    reads=[data],
)
"""


def environment(root: Path, program: str) -> Environment:
    """A tree that has this one program."""
    folder = root / "stacks" / LAYER.name
    folder.mkdir(parents=True)
    (folder / "__main__.py").write_text(program)
    (folder / "Pulumi.local.yaml").write_text("config:\n  aws:region: eu-west-1\n  toy-shop:stage: v1\n")
    return Environment("local", root)


def test_what_a_program_uses_of_others_is_known_without_them(tmp_path: Path) -> None:
    outputs = outputs_of(environment(tmp_path, PROGRAM), LAYER)
    assert outputs["contracts"]["reads"] == {"data": {"table_arn": "text", "table_name": "text"}}
    assert outputs["stage_name"] == "v1"


def test_placeholders_stand_in_for_what_others_give(tmp_path: Path) -> None:
    assert "PLACEHOLDER/data/table_arn" in outputs_of(environment(tmp_path, PROGRAM), LAYER)["api_arn"]


def test_what_only_aws_could_tell_is_not_made_up(tmp_path: Path) -> None:
    assert outputs_of(environment(tmp_path, PROGRAM), LAYER)["api_url"] is None


def test_a_program_that_fails_is_told_with_the_line(tmp_path: Path) -> None:
    broken = environment(tmp_path, "import pulumi\nraise KeyError('oops')\n")
    with pytest.raises(
        UserError, match=r"The program of shop failed: stacks/shop/__main__.py:2: KeyError: 'oops'"
    ):
        outputs_of(broken, LAYER)
