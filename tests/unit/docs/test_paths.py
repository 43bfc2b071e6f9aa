"""Documents name files and folders of the repository that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.environments import ROOT

PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("stacks/*/README.md")]
    # The changelog and the decisions also name what no longer exists.
    if page.name != "CHANGELOG.md" and page.parent.name != "adr"
)
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
# A path in backticks: without placeholders, wildcards or the name of a new layer.
QUOTED = re.compile(r"`([a-z_]+(?:/[\w.-]+)*/?)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def paths_in(page: Path) -> Iterator[Path]:
    text = page.read_text()
    for quoted in QUOTED.findall(text):
        first = quoted.split("/")[0]
        if "/" in quoted and first in FOLDERS and "reporting" not in quoted:
            yield ROOT / quoted
    for link in LINK.findall(text):
        yield page.parent / link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_in_a_document_exists(page: Path) -> None:
    assert [str(path) for path in paths_in(page) if not path.exists()] == []


def test_documents_name_paths() -> None:
    assert sum(1 for page in PAGES for _ in paths_in(page)) > 50
