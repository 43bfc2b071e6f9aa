from pathlib import Path

import pytest

from orchestration.environments import Environment
from orchestration.layers import Layer
from orchestration.pulumi.errors import LayerError
from orchestration.pulumi.mocked_program import preview_outputs

LAYER = Layer("shop", "test-shop", ("data",))
PROGRAM = """
import pulumi, pulumi_aws as aws
from shared import contracts
from shared.contracts import DataOutputs, EdgeOutputs

data = contracts.load_outputs(DataOutputs)
queue = aws.sqs.Queue("queue", name=data.transactions_table_name)
contracts.export_outputs(
    EdgeOutputs(
        api_url=queue.url.apply(lambda url: url.upper()),
        api_id=aws.get_caller_identity().account_id,
        stage_name=pulumi.Config().require("stage"),
        api_arn=data.transactions_table_arn,
        api_function_name=queue.name,
        labels_url=queue.url,
        labels_api_arn=queue.arn,
        labels_function_name=queue.name,
    ),
    inputs=[data],
)
"""


def write_program(root: Path, program: str) -> Environment:
    """Write a tree with one program."""
    folder = root / "stacks" / LAYER.name
    folder.mkdir(parents=True)
    (folder / "__main__.py").write_text(program)
    (folder / "Pulumi.local.yaml").write_text("config:\n  aws:region: eu-west-1\n  test-shop:stage: v1\n")
    return Environment("local", root)


def test_upstream_outputs_that_a_program_reads_are_known_without_a_deployment(tmp_path: Path) -> None:
    outputs = preview_outputs(write_program(tmp_path, PROGRAM), LAYER)
    assert outputs["contracts"]["reads"]["data"].keys() == {
        "table_arn",
        "table_name",
    }
    assert outputs["stage_name"] == "v1"


def test_upstream_outputs_are_placeholders(tmp_path: Path) -> None:
    outputs = preview_outputs(write_program(tmp_path, PROGRAM), LAYER)
    assert "PLACEHOLDER/data/transactions_table_arn" in outputs["api_arn"]


def test_output_of_a_resource_is_unknown(tmp_path: Path) -> None:
    assert preview_outputs(write_program(tmp_path, PROGRAM), LAYER)["api_url"] is None


def test_exception_of_a_program_is_one_line_with_its_location(tmp_path: Path) -> None:
    broken = write_program(tmp_path, "import pulumi\nraise KeyError('oops')\n")
    with pytest.raises(LayerError) as caught:
        preview_outputs(broken, LAYER)
    assert caught.value.message == "shop: stacks/shop/__main__.py:2: KeyError: 'oops'"
    assert "--verbose" in caught.value.hint
    assert caught.value.details.startswith("Traceback (most recent call last):\n")
    assert f'File "{tmp_path}/stacks/shop/__main__.py", line 2' in caught.value.details
