"""The graph of the layers as text, DOT, SVG and JSON."""

import json
from pathlib import Path

import pytest

from orchestration.status import graph
from orchestration.status.graph import GraphNode
from terminal.errors import UserError

NODES = [
    GraphNode("base", "platform", (), {"key_arn": "string", "subnet_ids": "array of string"}, {}),
    GraphNode("shop", "sales", ("base",), {"url": "string"}, {"base": {"key_arn": "string"}}),
    GraphNode(
        "mail", 'a "b" <c>', ("base", "shop"), {}, {"base": {"key_arn": "string"}, "shop": {"url": "string"}}
    ),
]


def test_text_names_the_consumers_of_each_output() -> None:
    assert graph.to_text(NODES).plain.splitlines() == [
        "base  platform",
        "  key_arn     string           -> shop, mail",
        "  subnet_ids  array of string",
        "shop  sales, reads base",
        "  url         string           -> mail",
        'mail  a "b" <c>, reads base, shop',
    ]


def test_edges_in_dot_are_labelled_with_the_fields() -> None:
    assert graph.to_dot(NODES).splitlines()[3:] == [
        r'  "base" [label="base\nplatform"];',
        r'  "shop" [label="shop\nsales"];',
        r'  "mail" [label="mail\na \"b\" <c>"];',
        '  "base" -> "shop" [label="key_arn"];',
        '  "base" -> "mail" [label="key_arn"];',
        '  "shop" -> "mail" [label="url"];',
        "}",
    ]


def test_json_has_every_field_with_its_type() -> None:
    assert json.loads(json.dumps(graph.to_json(NODES)))["layers"][1] == {
        "name": "shop",
        "owner": "sales",
        "depends_on": ["base"],
        "gives": {"url": "string"},
        "reads": {"base": {"key_arn": "string"}},
    }


@pytest.mark.parametrize(
    ("file_format", "begins"), [("text", "foundation"), ("dot", "digraph"), ("svg", "<svg")]
)
def test_graph_is_written_to_a_file(tmp_path: Path, file_format: str, begins: str) -> None:
    file = tmp_path / "graph"
    graph.show_graph(file_format=file_format, out=str(file))
    assert file.read_text().startswith(begins)


def test_graph_is_the_same_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for _ in range(2):
        graph.show_graph(as_json=True)
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0])["layers"][0]["owner"] == "platform"


@pytest.mark.parametrize(("file_format", "as_json"), [("png", False), ("svg", True)])
def test_unknown_format_and_two_formats_are_refused(file_format: str, as_json: bool) -> None:
    with pytest.raises(UserError) as refused:
        graph.show_graph(file_format=file_format, as_json=as_json)
    assert file_format in refused.value.message


def test_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        graph.show_graph(out=str(tmp_path))
    assert str(tmp_path) in refused.value.message
