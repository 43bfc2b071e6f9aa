import io

import pytest

from terminal.errors import UserError
from terminal.prompts import confirm, confirm_by_typing


class FakeTerminal(io.StringIO):
    """Standard input of a user who types the given text."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", ["y\n", "Yes\n"])
def test_yes_on_the_terminal_confirms(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", FakeTerminal(answer))
    confirm("Deploy?", yes=False)


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yess\n"])
def test_any_other_answer_stops_the_task(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", FakeTerminal(answer))
    with pytest.raises(UserError):
        confirm("Deploy?", yes=False)


def test_confirmation_without_a_terminal_needs_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UserError) as caught:
        confirm("Deploy?", yes=False)
    assert "--yes" in caught.value.hint


def test_yes_option_skips_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    confirm("Deploy?", yes=True)


def test_loss_is_confirmed_with_the_word_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", FakeTerminal("prod\n"))
    confirm("Deploy?", "prod", yes=False)
    monkeypatch.setattr("sys.stdin", FakeTerminal("y\n"))
    with pytest.raises(UserError):
        confirm("Deploy?", "prod", yes=False)


@pytest.mark.parametrize(("yes", "typed"), [(True, ""), (True, "dev"), (False, "dev")])
def test_loss_is_not_confirmed_by_yes_or_another_word(
    monkeypatch: pytest.MonkeyPatch, yes: bool, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", FakeTerminal("prod\n"))
    with pytest.raises(UserError) as caught:
        confirm("Deploy?", "prod", yes=yes, typed=typed)
    assert "--confirm prod" in caught.value.hint


def test_loss_is_confirmed_in_advance_with_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    confirm("Deploy?", "prod", yes=True, typed="prod")


def test_typed_word_confirms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", FakeTerminal("account-1\n"))
    confirm_by_typing("Erase?", "account-1", yes=False)


@pytest.mark.parametrize("answer", ["account-2\n", "y\n", "\n", ""])
def test_any_other_word_stops_the_task(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", FakeTerminal(answer))
    with pytest.raises(UserError):
        confirm_by_typing("Erase?", "account-1", yes=False)


def test_typing_a_word_needs_a_terminal_or_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("account-1\n"))
    with pytest.raises(UserError):
        confirm_by_typing("Erase?", "account-1", yes=False)
    confirm_by_typing("Erase?", "account-1", yes=True)
