"""oasdiff, as `invoke check` runs it, finds changes of the API that break clients."""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.development import FIND_BREAKING_CHANGES, OASDIFF
from orchestration.environments import ROOT
from orchestration.tool_environment import build_go_tool

Document = dict[str, Any]
RELEASED = json.loads((ROOT / "docs" / "openapi.released.json").read_text(encoding="utf-8"))
*_OPTIONS, _, _ = FIND_BREAKING_CHANGES


def _schema(document: Document, name: str) -> dict[str, Any]:
    schema: dict[str, Any] = document["components"]["schemas"][name]
    return schema


def _compare(change: Callable[[Document], object], folder: Path) -> int:
    """The exit status for a document with the change."""
    changed = copy.deepcopy(RELEASED)
    change(changed)
    paths = []
    for name, document in (("released", RELEASED), ("changed", changed)):
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(document), encoding="utf-8")
    program = build_go_tool("oasdiff", OASDIFF, "27 MB, a minute")
    return subprocess.run([program, *_OPTIONS, *paths], check=False, capture_output=True).returncode


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["paths"].pop("/labels"),
        lambda document: _schema(document, "Transaction")["required"].append("country"),
        lambda document: _schema(document, "Transaction")["properties"].pop("channel"),
        lambda document: _schema(document, "Label")["properties"]["label"]["enum"].remove("fraud"),
        lambda document: _schema(document, "Label")["properties"]["label"].update(type="integer"),
        lambda document: _schema(document, "Transaction")["properties"]["amount"]["anyOf"].pop(),
        lambda document: _schema(document, "Label")["properties"]["transaction_id"].update(
            pattern="^[a-z]+$"
        ),
        lambda document: _schema(document, "Batch")["properties"]["transactions"].update(maxItems=20),
        lambda document: _schema(document, "TransactionResponse")["properties"].pop("status"),
        lambda document: _schema(document, "LabelResponse")["required"].remove("status"),
        lambda document: document["paths"]["/labels"]["post"]["responses"].pop("201"),
    ],
    ids=[
        *("removed route", "required field", "removed field", "removed value", "other type", "removed type"),
        *(
            "other pattern",
            "smaller batch",
            "removed response field",
            "optional response field",
            "removed status",
        ),
    ],
)
def test_change_that_breaks_clients_is_found(change: Callable[[Document], object], tmp_path: Path) -> None:
    assert _compare(change, tmp_path) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda document: None,
        lambda document: _schema(document, "Label")["properties"].update(note={"type": "string"}),
        lambda document: _schema(document, "TransactionResponse")["properties"].update(
            note={"type": "string"}
        ),
        lambda document: _schema(document, "Batch")["properties"]["transactions"].update(maxItems=50),
    ],
    ids=["none", "optional field", "response field", "larger batch"],
)
def test_change_that_breaks_no_client_is_accepted(
    change: Callable[[Document], object], tmp_path: Path
) -> None:
    assert _compare(change, tmp_path) == 0
