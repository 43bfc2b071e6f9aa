"""The graph of the layers as text, DOT, SVG and JSON."""

import json
from pathlib import Path

import pytest

from orchestration.status import graph
from orchestration.status.graph import Node
from terminal.errors import UserError

NODES = [
    Node("base", "platform", (), {"key_arn": "text", "subnet_ids": "list of text"}, {}),
    Node("shop", "sales", ("base",), {"url": "text"}, {"base": {"key_arn": "text"}}),
    Node("mail", 'a "b" <c>', ("base", "shop"), {}, {"base": {"key_arn": "text"}, "shop": {"url": "text"}}),
]


def test_the_text_tells_who_uses_each_output() -> None:
    assert graph.as_text(NODES).plain.splitlines() == [
        "base  platform",
        "  key_arn     text          -> shop, mail",
        "  subnet_ids  list of text",
        "shop  sales, reads base",
        "  url         text          -> mail",
        'mail  a "b" <c>, reads base, shop',
    ]


def test_the_edges_in_dot_are_labelled_with_what_flows() -> None:
    assert graph.as_dot(NODES).splitlines()[3:] == [
        r'  "base" [label="base\nplatform"];',
        r'  "shop" [label="shop\nsales"];',
        r'  "mail" [label="mail\na \"b\" <c>"];',
        '  "base" -> "shop" [label="key_arn"];',
        '  "base" -> "mail" [label="key_arn"];',
        '  "shop" -> "mail" [label="url"];',
        "}",
    ]


def test_json_has_every_field_with_its_type() -> None:
    assert json.loads(json.dumps(graph.as_data(NODES)))["layers"][1] == {
        "name": "shop",
        "owner": "sales",
        "depends_on": ["base"],
        "gives": {"url": "text"},
        "reads": {"base": {"key_arn": "text"}},
    }


@pytest.mark.parametrize(
    ("file_format", "begins"), [("text", "foundation"), ("dot", "digraph"), ("svg", "<svg")]
)
def test_a_file_gets_the_graph_of_this_tree(tmp_path: Path, file_format: str, begins: str) -> None:
    file = tmp_path / "graph"
    graph.show(file_format=file_format, out=str(file))
    assert file.read_text().startswith(begins)


def test_the_graph_is_the_same_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    shown = []
    for _ in range(2):
        graph.show(as_json=True)
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1]
    assert json.loads(shown[0])["layers"][0]["owner"] == "platform"


@pytest.mark.parametrize(
    ("file_format", "as_json", "words"),
    [("png", False, "no format 'png'. Formats are: text, dot, svg"), ("svg", True, "two formats")],
)
def test_a_format_that_there_is_not_is_refused(file_format: str, as_json: bool, words: str) -> None:
    with pytest.raises(UserError, match=words):
        graph.show(file_format=file_format, as_json=as_json)


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be written: Is a directory. Name another file"):
        graph.show(out=str(tmp_path))
