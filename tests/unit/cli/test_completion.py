import subprocess
from copy import deepcopy

import pytest

import tasks
from cli.completion import TASK_VALUES, VALUES, list_candidates
from cli.models.datasets import UNITS
from operations.ingest.input_file import FORMATS
from operations.monitoring.queues import FAILURE_QUEUES
from operations.review import arguments
from orchestration.environments import ENVIRONMENT_NAMES, ROOT
from orchestration.layers import LAYERS
from orchestration.status import graph

LAYER_NAMES = [layer.name for layer in LAYERS]
# Copies, because a task that reads its arguments forgets their help texts.
TASKS = {name: deepcopy(tasks.namespace[name]) for name in tasks.namespace.task_names}


def complete(line: str) -> list[str]:
    """Complete the last word of a line; a space at its end starts a new word."""
    return list(list_candidates(TASKS, line.split(" ")))


def run_bash(*words: str) -> list[str]:
    """Complete the last word in bash, with the script that users source."""
    script = (
        '. ./inv-completion.sh; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _complete_inv;'
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    process = subprocess.run(
        ["bash", "-c", script, "bash", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert process.stderr == ""
    return process.stdout.split()


def test_first_word_is_a_task() -> None:
    assert set(complete("dep")) == set(TASKS)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("deploy --env ", ENVIRONMENT_NAMES),
        ("deploy --env dev --layer ", LAYER_NAMES),
        ("deploy --layer data --layer ed", LAYER_NAMES),
        ("deploy --layer = ed", LAYER_NAMES),
        ("deploy --layer =", LAYER_NAMES),
        ("deploy --layer=ed", [f"--layer={name}" for name in LAYER_NAMES]),
        ("demo --env ", ("local",)),
        ("redrive --queue ", FAILURE_QUEUES),
        ("send --format ", FORMATS),
        ("graph --format ", list(graph.FORMATS)),
        ("history --layer ", LAYER_NAMES),
        ("logs --function ", ("fraud", "merchants", "notify", "api", "labels")),
        ("train --unit ", list(UNITS)),
        ("lists.show --list ", arguments.LISTS),
    ],
)
def test_option_with_fixed_values_offers_them(line: str, values: list[str]) -> None:
    assert complete(line) == list(values)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("lists.add ", arguments.LISTS),
        ("lists.add block ", arguments.KINDS),
        ("lists.add --env dev block mer", arguments.KINDS),
        ("lists.add block account ", ()),
        ("snooze ", arguments.SNOOZE_KINDS),
        ("send ", ()),
    ],
)
def test_argument_with_fixed_values_offers_them(line: str, values: tuple[str, ...]) -> None:
    assert complete(line) == list(values)


@pytest.mark.parametrize("line", ["deploy --plan ", "send --rejects out", "deploy --yes "])
def test_other_values_are_left_to_the_shell(line: str) -> None:
    assert complete(line) == []


def test_dash_offers_the_options_of_the_task() -> None:
    options = complete("deploy --layer data --")
    assert {"--env", "--layer", "--no-refresh", "--verbose"} <= set(options)
    assert "--queue" not in options


def test_values_belong_to_existing_options() -> None:
    options = {name: {argument.name for argument in task.get_arguments()} for name, task in TASKS.items()}
    assert set(VALUES) <= {option.rstrip("_") for names in options.values() for option in names}
    assert all(option in {name.rstrip("_") for name in options[task]} for task, option in TASK_VALUES)


def test_bash_completes_the_value_of_an_option() -> None:
    assert run_bash("./inv", "deploy", "--layer", "d") == ["data"]
    assert run_bash("./inv", "deploy", "--layer", "=", "d") == ["data"]
    assert run_bash("./inv", "redrive", "--queue", "") == list(FAILURE_QUEUES)


def test_bash_offers_files_without_candidates() -> None:
    assert run_bash("./inv", "send", "exam") == []
