"""Each test that the threat model names exists."""

import ast
import re

import pytest

from orchestration.environments import ROOT

TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED_TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))
ROWS = [line for line in TEXT.splitlines() if re.match(r"\| [STRIDE] \|", line)]


@pytest.mark.parametrize(("path", "name"), NAMED_TESTS)
def test_named_test_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert name in tests | {""}


def test_every_threat_names_a_test() -> None:
    assert ROWS
    assert [row for row in ROWS if "`tests/" not in row] == []


def test_every_kind_of_threat_occurs() -> None:
    assert {row[2] for row in ROWS} == set("STRIDE")
