"""The summary of the health at the end of the demonstration."""

import pytest

from operations.health.check import ok, wrong
from operations.health.report import show_summary


def test_one_line_if_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    show_summary([ok("pipe", "running"), ok("queue", "empty")])
    assert capsys.readouterr().out.splitlines() == ["Health: all 2 checks are ok."]


def test_only_what_needs_somebody_with_its_runbook(capsys: pytest.CaptureFixture[str]) -> None:
    show_summary([ok("pipe", "running"), wrong("key data", "Disabled", runbook="docs/runbooks/key-state.md")])
    shown = capsys.readouterr().out
    assert "key data" in shown
    assert "docs/runbooks/key-state.md" in " ".join(shown.split())
    assert "pipe" not in shown
