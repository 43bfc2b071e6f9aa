"""A new layer needs its folder, an entry in the list of layers, its contract and its owner."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from tests.engine.orchestration import fifth_layer
from tests.engine.orchestration.fifth_layer import LAYER, MANUAL_CHANGES, list_changes
from tests.scratch import ScratchClone

BOTH = ("--layer", "foundation", "--layer", LAYER)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> ScratchClone:
    clone = ScratchClone.create(tmp_path_factory.mktemp("fifth") / "clone")
    fifth_layer.add_layer(clone)
    return clone


@pytest.fixture
def clone_aws(clone: ScratchClone) -> Iterator[EmbeddedAws]:
    with embedded_aws(clone.root / ".local") as running:
        yield running


def read_json(clone: ScratchClone, *words: str) -> Any:
    return json.loads(clone.run_task(*words, "--json").stdout)


def test_tasks_list_a_new_layer(clone: ScratchClone) -> None:
    layers = {layer["name"]: layer for layer in read_json(clone, "layers", "--since", "HEAD")["layers"]}
    assert layers[LAYER]["owner"] == "analysts"
    assert {f"stacks/{LAYER}/__main__.py", "shared/projects.py"} <= set(layers[LAYER]["because"])


def test_new_layer_is_deployed_and_destroyed(clone: ScratchClone, clone_aws: EmbeddedAws) -> None:
    before = list_changes(clone)
    clone.run_task("deploy", *BOTH, "--yes")
    outputs = read_json(clone, "outputs")
    url = outputs[LAYER]["reports_queue_url"]
    sqs = clone_aws.client("sqs")
    key = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])["Attributes"]
    tags = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    assert key == {"KmsMasterKeyId": outputs["foundation"]["data_key_arn"]}
    assert (tags["layer"], tags["owner"]) == (LAYER, "analysts")

    clone.run_task("destroy", "--layer", LAYER, "--yes")
    assert sqs.list_queues().get("QueueUrls", []) == []
    assert set(read_json(clone, "outputs")) == {"foundation"}
    assert list_changes(clone) == before


def test_workflows_and_owners_cover_a_new_layer(clone: ScratchClone) -> None:
    assert list_changes(clone) == MANUAL_CHANGES
    assert " passed" in clone.run_task("test", "--fast", "-k", "test_workflows").stdout


def test_tests_of_every_stack_pass_for_a_new_layer(clone: ScratchClone) -> None:
    assert " passed" in clone.run_task("test", "--fast", "-k", f"stacks and {LAYER}").stdout
