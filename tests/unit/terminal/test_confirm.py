import io

import pytest

from terminal.errors import UserError
from terminal.output import confirm


class Terminal(io.StringIO):
    """Someone who types this."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", ["y\n", "Yes\n"])
def test_a_yes_on_the_terminal_goes_on(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    confirm("Deploy?", yes=False)


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yess\n"])
def test_anything_else_stops(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    with pytest.raises(UserError, match="Nothing was changed"):
        confirm("Deploy?", yes=False)


def test_without_a_terminal_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UserError, match=r"no terminal to ask on. Say --yes"):
        confirm("Deploy?", yes=False)


def test_yes_beforehand_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    confirm("Deploy?", yes=True)


def test_the_name_of_the_environment_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("prod\n"))
    confirm("Deploy?", "prod", yes=False)
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    with pytest.raises(UserError, match="Nothing was changed"):
        confirm("Deploy?", "prod", yes=False)


def test_where_the_name_is_asked_for_a_yes_beforehand_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("prod\n"))
    with pytest.raises(UserError, match=r"--yes is not enough for that[.] If it is meant: --confirm prod"):
        confirm("Deploy?", "prod", yes=True)
    with pytest.raises(UserError, match="--confirm prod"):
        confirm("Deploy?", "prod", yes=True, typed="dev")
    confirm("Deploy?", "prod", yes=True, typed="prod")
