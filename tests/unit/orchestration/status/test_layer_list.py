import json
from pathlib import Path
from typing import Any

import pytest

from orchestration.environments import ACCOUNT_ENVIRONMENTS, Environment, find_environment
from orchestration.layers import LAYERS, sort_layers
from orchestration.status import layer_list
from terminal.errors import UserError
from tests import repository


def read_json(capsys: pytest.CaptureFixture[str], *arguments: Any, **options: Any) -> Any:
    layer_list.show_layers(*arguments, as_json=True, **options)
    return json.loads(capsys.readouterr().out)


def test_layers_are_listed_in_dependency_order_with_owner_and_functions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shuffled = tuple(reversed(LAYERS))
    layer_list.show_layers(layers=shuffled)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["layer", *(layer.name for layer in sort_layers(shuffled))]
    assert ["edge", "edge", "foundation,", "data", "api,", "labels"] in lines


def test_json_has_null_if_nothing_is_compared(capsys: pytest.CaptureFixture[str]) -> None:
    document = read_json(capsys)
    assert set(document) == {"layers"}
    assert document["layers"][1] == {
        "name": "data",
        "project": "fraud-data",
        "owner": "data-platform",
        "depends_on": ["foundation"],
        "functions": [],
        "affected": None,
        "because": None,
    }


@pytest.mark.parametrize("name", ACCOUNT_ENVIRONMENTS)
def test_json_names_the_roles_of_an_account(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = read_json(capsys, find_environment(name))
    roles = f"arn:aws:iam::{document['account']}:role/fraud-pipeline-"
    assert document["environment"] == name
    assert document["region"] == "us-east-1"
    assert document["read_role"] == f"{roles}read"
    assert [layer["deploy_role"] for layer in document["layers"]] == [
        f"{roles}deploy-{layer['name']}" for layer in document["layers"]
    ]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository whose files are not committed."""
    repository.commit_files(repository.create_repository(tmp_path), "first")
    folder = tmp_path / "stacks" / "data"
    folder.mkdir(parents=True)
    for name in ("a.py", "b.py", "c.py", "d.py", "Pulumi.prod.yaml"):
        (folder / name).touch()
    return tmp_path


def test_affected_layers_have_their_changed_files(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foundation, data, *_ = read_json(capsys, Environment("local", tree), since="HEAD")["layers"]
    assert (foundation["affected"], foundation["because"]) == (False, [])
    assert data["affected"]
    assert data["because"] == [f"stacks/data/{name}.py" for name in "abcd"]


def test_table_names_the_first_files(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layer_list.show_layers(Environment("local", tree), since="HEAD")
    foundation, data = (line.strip() for line in capsys.readouterr().out.splitlines()[1:3])
    assert data.endswith("stacks/data/a.py, stacks/data/b.py, stacks/data/c.py and 1 more")
    assert foundation.endswith("·")


def test_unknown_commit_is_refused(tree: Path) -> None:
    with pytest.raises(UserError) as refused:
        layer_list.show_layers(Environment("local", tree), since="nowhere")
    assert "'nowhere'" in refused.value.message
