"""The tasks read like one tool."""

import re

import pytest
from invoke.tasks import Task

import tasks
from orchestration.environments import ROOT

ALL: dict[str, Task] = {name: tasks.namespace[name] for name in tasks.namespace.task_names}
LONGEST_HELP = 58


@pytest.mark.parametrize("name", ALL)
def test_a_help_is_one_short_sentence(name: str) -> None:
    help_line = (ALL[name].__doc__ or "").splitlines()[0]
    assert help_line.endswith(".")
    assert help_line[0].isupper()
    assert len(help_line) <= LONGEST_HELP


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_explained(name: str) -> None:
    assert all(argument.help for argument in ALL[name].get_arguments())


def test_an_option_means_the_same_everywhere() -> None:
    kinds: dict[str, set[tuple[type, str]]] = {}
    for task in ALL.values():
        for argument in task.get_arguments():
            kinds.setdefault(argument.name, set()).add((argument.kind, repr(argument.default)))
    for option in ("json", "yes", "confirm", "override", "refresh", "port", "follow"):
        assert len(kinds[option]) == 1, option


def test_changing_tasks_ask_and_can_be_told_not_to() -> None:
    changing = ("deploy", "destroy", "rollback", "recover", "bootstrap", "state.restore", "redrive", "replay")
    assert all("yes" in {argument.name for argument in ALL[name].get_arguments()} for name in changing)


def test_tasks_of_an_environment_take_it() -> None:
    without = {"test", "check", "bench", "lock", "graph", "groups", "ci.write"}
    without |= {"simulate", "train", "backtest"}
    without |= {name for name in ALL if name.startswith("local.")}
    taking = {
        name for name, task in ALL.items() if "env" in {argument.name for argument in task.get_arguments()}
    }
    assert taking == set(ALL) - without


def test_every_task_is_in_one_group_and_the_readme_names_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    tasks.groups.body(None)
    shown = re.findall(r"^  (\S+) ", capsys.readouterr().out, re.MULTILINE)
    assert sorted(shown) == sorted(set(ALL) - {"groups"})
    named = set(re.findall(r"invoke ([a-z]+(?:\.[a-z]+)?)", (ROOT / "README.md").read_text()))
    assert named <= set(ALL)
