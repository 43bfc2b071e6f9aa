import re
from pathlib import Path

import pytest

from orchestration.environments import ROOT
from tests.unit.docs.commands import read_commands

FOLDER = ROOT / "docs" / "runbooks"
HEADINGS = ["Symptom", "First look", "Cause", "Repair", "Verification"]
LINK = re.compile(r"\]\(([\w-]+\.md)")
MAX_LINES = 60
ALL = {path.name for path in FOLDER.glob("*.md")}
NAME = re.compile(r'"(?:\{RUNBOOKS\}/)?([a-z-]+\.md)"')
SOURCES = [
    *ROOT.glob("stacks/*/*.py"),
    *ROOT.glob("operations/**/*.py"),
    ROOT / "shared" / "function_alarms.py",
]
ALARM_RUNBOOKS = sorted({name for path in SOURCES for name in NAME.findall(path.read_text())} | {"budget.md"})


def test_source_files_name_runbooks() -> None:
    assert {"undecided.md", "decisions-stopped.md", "key-state.md", "function-errors.md"} <= set(
        ALARM_RUNBOOKS
    )


@pytest.mark.parametrize("name", ALARM_RUNBOOKS)
def test_runbook_of_an_alarm_has_the_headings_and_fits_on_a_page(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert len(text.splitlines()) <= MAX_LINES


@pytest.mark.parametrize("name", ALARM_RUNBOOKS)
@pytest.mark.parametrize("section", ["First look", "Repair", "Verification"])
def test_section_has_a_command(name: str, section: str) -> None:
    assert section in {command.section for command in read_commands(FOLDER / name)}


def test_index_links_to_every_runbook() -> None:
    assert set(LINK.findall((FOLDER / "README.md").read_text())) == ALL - {"README.md"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.name)
def test_links_between_runbooks_are_valid(path: Path) -> None:
    assert set(LINK.findall(path.read_text())) <= ALL
