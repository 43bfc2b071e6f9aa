"""Every alarm has a runbook with the same headings, and the index links to every runbook."""

import re
from pathlib import Path

import pytest

from orchestration.environments import ROOT
from tests.unit.docs.commands import read_commands

FOLDER = ROOT / "docs" / "runbooks"
HEADINGS = ["Symptom", "First look", "Cause", "Repair", "Verification"]
LINK = re.compile(r"\]\(([\w-]+\.md)")
MOST_LINES = 60
ALL = {path.name for path in FOLDER.glob("*.md")}
NAMED = re.compile(r'"(?:\{RUNBOOKS\}/)?([a-z-]+\.md)"')
SOURCES = [
    *ROOT.glob("stacks/*/*.py"),
    *ROOT.glob("operations/**/*.py"),
    ROOT / "shared" / "function_alarms.py",
]
OF_ALARMS = sorted({name for path in SOURCES for name in NAMED.findall(path.read_text())} | {"budget.md"})


def test_the_sources_name_runbooks() -> None:
    assert {"undecided.md", "decisions-stopped.md", "key-state.md", "function-errors.md"} <= set(OF_ALARMS)


@pytest.mark.parametrize("name", OF_ALARMS)
def test_a_runbook_of_an_alarm_has_the_headings_and_fits_on_a_page(name: str) -> None:
    text = (FOLDER / name).read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert len(text.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("name", OF_ALARMS)
@pytest.mark.parametrize("section", ["First look", "Repair", "Verification"])
def test_a_section_has_a_command(name: str, section: str) -> None:
    assert section in {command.section for command in read_commands(FOLDER / name)}


def test_the_index_links_to_every_runbook() -> None:
    assert set(LINK.findall((FOLDER / "README.md").read_text())) == ALL - {"README.md"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.name)
def test_links_between_runbooks_lead_somewhere(path: Path) -> None:
    assert set(LINK.findall(path.read_text())) <= ALL
