import re
from collections.abc import Sequence

import pytest

from functions.common.domain.fields import Field
from functions.common.domain.transaction import TRANSACTION_FIELDS
from functions.common.http import problem
from functions.labels.label import LABEL_FIELDS
from orchestration.environments import ROOT
from stacks.edge.responses import RESPONSES

PAGE = (ROOT / "docs" / "api.md").read_text()
PROBLEM = re.compile(r"problem:([a-z-]+)")


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("title", "fields"),
    [("POST /transactions", TRANSACTION_FIELDS), ("POST /labels", LABEL_FIELDS)],
)
def test_page_lists_exactly_the_fields_of_a_request(title: str, fields: Sequence[Field]) -> None:
    listed = re.findall(r"^\| `(\w+)` \| \w[\w ,]*", section(title), re.MULTILINE)
    assert listed == [field.name for field in fields]


def test_page_names_every_type_of_problem_and_no_other() -> None:
    named = set(
        re.findall(r"`([a-z-]+)`", "\n".join(re.findall(r"^\| \d.*", section("Errors"), re.MULTILINE)))
    )
    gateway = {response.slug for response in RESPONSES}
    functions = {
        problem.malformed_body("").problem,
        problem.invalid_fields("transaction", []).problem,
        problem.invalid_fields("label", []).problem,
        problem.unknown_transaction().problem,
        problem.id_taken().problem,
        problem.body_too_large(1).problem,
        problem.unsupported_media_type().problem,
        problem.store_busy().problem,
        problem.service_unavailable().problem,
        problem.internal_error().problem,
    }
    types = {found.type.rpartition(":")[2] for found in functions}
    assert named == gateway | types
