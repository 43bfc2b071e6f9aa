import re
from copy import deepcopy

import pytest
from invoke.tasks import Task

import tasks
from orchestration.environments import ROOT

# Copies, because a task that reads its arguments forgets their help texts.
ALL: dict[str, Task] = {name: deepcopy(tasks.namespace[name]) for name in tasks.namespace.task_names}
MAX_HELP_LENGTH = 58
# Words that start a noun phrase instead of an imperative.
NO_VERBS = {"A", "All", "An", "Each", "If", "The", "What", "When", "Where", "Whether", "Which", "Who", "How"}


@pytest.mark.parametrize("name", ALL)
def test_help_is_one_short_sentence_that_starts_with_a_verb(name: str) -> None:
    help_line = (ALL[name].__doc__ or "").splitlines()[0]
    assert help_line.endswith(".")
    assert help_line[0].isupper()
    assert help_line.split()[0] not in NO_VERBS
    assert len(help_line) <= MAX_HELP_LENGTH


@pytest.mark.parametrize("name", ALL)
def test_every_option_has_help(name: str) -> None:
    assert all(argument.help for argument in ALL[name].get_arguments())


def test_shared_options_have_the_same_type_and_default_in_every_task() -> None:
    kinds: dict[str, set[tuple[type, str]]] = {}
    for task in ALL.values():
        for argument in task.get_arguments():
            kinds.setdefault(argument.name, set()).add((argument.kind, repr(argument.default)))
    for option in ("json", "yes", "confirm", "override", "refresh", "port", "follow"):
        assert len(kinds[option]) == 1, option


def test_confirmation_of_every_task_can_be_skipped() -> None:
    changing = ("deploy", "destroy", "rollback", "recover", "bootstrap", "state.restore")
    changing += ("redrive", "replay", "load")
    assert all("yes" in {argument.name for argument in ALL[name].get_arguments()} for name in changing)


def test_tasks_that_use_an_environment_have_the_option() -> None:
    without = {"test", "check", "fuzz", "bench", "lock", "docs", "security.audit", "graph", "groups"}
    without |= {"simulate", "train", "backtest", "data.inspect"}
    without |= {name for name in ALL if name.startswith("local.")}
    with_env = {
        name for name, task in ALL.items() if "env" in {argument.name for argument in task.get_arguments()}
    }
    assert with_env == set(ALL) - without


def test_every_task_is_in_one_group(capsys: pytest.CaptureFixture[str]) -> None:
    tasks.groups.body(None)
    printed = re.findall(r"^  (\S+) ", capsys.readouterr().out, re.MULTILINE)
    assert sorted(printed) == sorted(set(ALL) - {"groups"})


def test_readme_names_existing_tasks_only() -> None:
    names = re.findall(r"(?:invoke|\./inv) ([a-z]+(?:\.[a-z]+)?)", (ROOT / "README.md").read_text())
    assert set(names) <= set(ALL)
