import pytest

from terminal.output import print_error, print_json, print_result


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


def test_closed_standard_output_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    print_json({})
    print_result("done")
