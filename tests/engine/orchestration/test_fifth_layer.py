"""Adding a layer touches its folder, one entry in the list of layers and its contract; all else follows."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from tests.engine.orchestration import fifth_layer
from tests.engine.orchestration.fifth_layer import BY_HAND, LAYER, touched
from tests.scratch import Scratch

BOTH = ("--layer", "foundation", "--layer", LAYER)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    made = Scratch.make(tmp_path_factory.mktemp("fifth") / "clone")
    fifth_layer.add_to(made)
    return made


@pytest.fixture
def clones_aws(clone: Scratch) -> Iterator[EmbeddedAws]:
    with embedded_aws(clone.root / ".local") as running:
        yield running


def shown(clone: Scratch, *words: str) -> Any:
    return json.loads(clone.succeed(*words, "--json").stdout)


def test_the_tasks_know_a_new_layer(clone: Scratch) -> None:
    layers = {layer["name"]: layer for layer in shown(clone, "layers", "--since", "HEAD")["layers"]}
    assert layers[LAYER]["owner"] == "analysts"
    assert {f"stacks/{LAYER}/__main__.py", "shared/projects.py"} <= set(layers[LAYER]["because"])


def test_a_new_layer_is_deployed_and_destroyed_like_the_others(
    clone: Scratch, clones_aws: EmbeddedAws
) -> None:
    before = touched(clone)
    clone.succeed("deploy", *BOTH, "--yes")
    outputs = shown(clone, "outputs")
    url = outputs[LAYER]["reports_queue_url"]
    sqs = clones_aws.client("sqs")
    key = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])["Attributes"]
    tags = sqs.list_queue_tags(QueueUrl=url)["Tags"]
    assert key == {"KmsMasterKeyId": outputs["foundation"]["data_key_arn"]}
    assert (tags["layer"], tags["owner"]) == (LAYER, "analysts")

    clone.succeed("destroy", "--layer", LAYER, "--yes")
    assert sqs.list_queues().get("QueueUrls", []) == []
    assert set(shown(clone, "outputs")) == {"foundation"}
    assert touched(clone) == before


def test_workflows_and_codeowners_follow_from_the_list(clone: Scratch) -> None:
    assert touched(clone) == BY_HAND
    clone.succeed("ci.write")
    made = touched(clone) - BY_HAND
    workflows = {
        Path(f".github/workflows/{name}.yml") for name in ("deploy-environment", "preview", "rollback")
    }
    assert set(map(Path, made)) == {*workflows, Path("CODEOWNERS")}
    assert all(LAYER in (clone.root / path).read_text() for path in made)


def test_what_is_asserted_of_every_stack_holds_for_a_new_one(clone: Scratch) -> None:
    clone.succeed("ci.write")
    assert " passed" in clone.succeed("test", "--fast", "-k", f"stacks and {LAYER}").stdout
