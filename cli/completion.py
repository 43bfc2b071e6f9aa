"""Candidates for tab completion, which the script `inv-completion.sh` requests."""

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from invoke.parser.context import ParserContext
from invoke.tasks import Task

from cli.development import list_benchmarks
from orchestration.environments import ENVIRONMENT_NAMES, LOCAL
from shared.projects import PROJECTS

# By option. The values of slow modules are repeated here, because each Tab would import the module.
VALUES: Mapping[str, Collection[str]] = {
    "env": ENVIRONMENT_NAMES,
    "layer": [project.layer for project in PROJECTS],
    "function": [function for project in PROJECTS for function in project.functions],
    "queue": ("pipe-failures", "events-failures", "fraud-failures", "suspicious-dlq"),
    "list": ("block", "allow"),
    "kind": ("account", "merchant"),
    "format": ("jsonl", "csv"),
    "unit": ("s", "ms", "us", "ns"),
}
# By task and option, where the values differ from those of the same option of other tasks.
TASK_VALUES: Mapping[tuple[str, str], Collection[str]] = {
    ("demo", "env"): (LOCAL,),
    ("graph", "format"): ("text", "dot", "svg"),
    ("snooze", "kind"): ("account", "rule"),
    ("bench", "name"): list_benchmarks(),
}


def list_candidates(tasks: Mapping[str, Task[Any]], words: Sequence[str]) -> Iterable[str]:
    """Return the tasks, options or values that the last of `words`, which may be incomplete, can become.

    `words` follow the name of the program on the command line. The result is empty for an option or argument
    without a fixed set of values: the shell then offers files.
    """
    # Bash makes a word of the = between an option and its value, zsh does not.
    earlier, current = [word for word in words[:-1] if word != "="], words[-1]
    task = next((word for word in earlier if word in tasks), "")
    if not task:
        return tasks
    context = ParserContext(task, args=tasks[task].get_arguments())
    option = context.flags.get(earlier[-1])
    if option and option.takes_value:
        return _list_values(task, option.name)
    flag, equals, _ = current.partition("=")
    if equals and flag in context.flags:
        return [f"{flag}={value}" for value in _list_values(task, context.flags[flag].name)]
    if current.startswith("-"):
        return context.flag_names()
    return _list_argument_values(task, context, earlier[earlier.index(task) + 1 :])


def _list_argument_values(task: str, context: ParserContext, words: Sequence[str]) -> Collection[str]:
    """Return the values of the next positional argument after `words`, which follow the task."""
    count = 0
    has_value = False
    for word in words:
        if not word.startswith("-") and not has_value:
            count += 1
        has_value = word in context.flags and context.flags[word].takes_value
    names = [argument.name for argument in context.positional_args]
    return _list_values(task, names[count]) if count < len(names) else ()


def _list_values(task: str, name: str | None) -> Collection[str]:
    option = (name or "").rstrip("_")
    return TASK_VALUES.get((task, option)) or VALUES.get(option, ())


if __name__ == "__main__":
    from tasks import namespace

    named_tasks = {name: namespace[name] for name in namespace.task_names}
    sys.stdout.write("".join(f"{word}\n" for word in list_candidates(named_tasks, sys.argv[1:])))
