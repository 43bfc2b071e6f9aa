"""The page on least privilege, from recorded proofs."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.security import least_privilege_page


def make_proof(part: str, **fields: str) -> dict[str, str]:
    proof = {
        "policy": "role fraud-pipeline-api",
        "kind": "permission",
        "statement": "S",
        "part": part,
        "resource": "arn:aws:dynamodb:us-east-1:ACCOUNT:table/t",
        "means": "embedded AWS",
        "without": "denied: POST",
        "link": "",
    }
    return {**proof, **fields}


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    entry = {"actions": "kms:*", "cause": "No keys.", "rule": "A rule.", "link": "https://example.com/rule"}
    recorded: dict[str, Any] = {
        "proofs": [
            make_proof("dynamodb:GetItem"),
            make_proof("dynamodb:PutItem"),
            make_proof("kms:Decrypt", means="AWS rule", without="denied. A rule.", link=entry["link"]),
            make_proof("s3:Get", policy="role fraud-pipeline-deploy-data", means="unproved"),
        ],
        "forbidden": {"api": ["scan"], "pipe": ["scan", "publish"]},
        "unenforced": [entry],
    }
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps(recorded))
    monkeypatch.setattr(least_privilege_page, "RECORDED", file)
    return least_privilege_page.make_page()


def find_row(page: str, text: str) -> list[str]:
    (line,) = [line for line in page.splitlines() if line.startswith("|") and text in line]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_parts_with_the_same_proof_are_one_row(page: str) -> None:
    row = find_row(page, "GetItem")
    assert row[1:3] == ["`dynamodb:GetItem`, `dynamodb:PutItem`", "`dynamodb table/t`"]


def test_part_that_is_not_proved_is_counted(page: str) -> None:
    assert find_row(page, "| role |") == ["role", "2", "2", "0", "1", "1"]


def test_forbidden_call_names_the_roles_that_may_make_it(page: str) -> None:
    assert find_row(page, "publish") == ["publish", "api"]
    assert find_row(page, "scan") == ["scan", "none"]
