import pytest

from terminal.output import print_error


def test_error_and_hint_are_one_line_without_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_error("No [layer] there.", "Try data.")
    assert capsys.readouterr().err == "error: No [layer] there. Try data.\n"


def test_hint_after_several_lines_is_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_error("2 errors:\n  first\n  second", "Correct them.")
    assert capsys.readouterr().err.splitlines() == [
        "error: 2 errors:",
        "  first",
        "  second",
        "Correct them.",
    ]
