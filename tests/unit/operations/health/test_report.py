import pytest

from operations.health.check import ok_check, wrong_check
from operations.health.report import show_summary


def test_summary_is_one_line_if_every_check_is_ok(capsys: pytest.CaptureFixture[str]) -> None:
    show_summary([ok_check("pipe", "running"), ok_check("queue", "empty")])
    assert capsys.readouterr().out.splitlines() == ["Health: all 2 checks are ok."]


def test_summary_has_unhealthy_checks_with_their_runbooks(capsys: pytest.CaptureFixture[str]) -> None:
    show_summary(
        [
            ok_check("pipe", "running"),
            wrong_check("key data", "Disabled", runbook="docs/runbooks/key-state.md"),
        ]
    )
    output = capsys.readouterr().out
    assert "key data" in output
    assert "docs/runbooks/key-state.md" in " ".join(output.split())
    assert "pipe" not in output
