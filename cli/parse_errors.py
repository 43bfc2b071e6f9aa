"""Errors in command lines, with hints, and help of tasks that need a word.

invoke prints the errors of its parser and has no hook for them. Its state machine cannot have subclasses, so
the methods that raise the errors are replaced.
"""

import ast
import re
from pathlib import Path
from typing import Any

from invoke.exceptions import ParseError
from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext
from invoke.parser.parser import ParseMachine

from terminal.command_line import command_line

# The messages of invoke. That for an unknown word contains the word as a Python literal.
_UNKNOWN_WORD = re.compile("No idea what (.*) is!", re.DOTALL)
_MISSING_VALUE = "needed value and was not given one!"
_MISSING_WORD = "did not receive required positional arguments"
# The options that take a word without an option name, by task.
_BARE_WORD_OPTIONS = {"test": "path"}
# The options that a file is meant for, by its suffix: the first one that the task has.
_YAML_OPTIONS = ("rules", "file", "columns")
_DATA_OPTIONS = ("data", "file")
_OPTIONS = {
    ".yaml": _YAML_OPTIONS,
    ".yml": _YAML_OPTIONS,
    ".json": ("model", *_DATA_OPTIONS),
    **dict.fromkeys((".csv", ".gz", ".jsonl", ".parquet", ".zip"), _DATA_OPTIONS),
}
_OTHER_OPTIONS = (*_DATA_OPTIONS, "model", "rules")


_HELP = ("--help", "-h")
# The file of a task has both names.
_SAME_OPTIONS = ("--data", "--file")
_ID_WORDS = ("account", "id_", "transaction_id")

_see_value = ParseMachine.see_value
_see_word = ParseMachine.see_positional_arg


def install_hints() -> None:
    """Add hints to the errors of invoke's parser, and let every task take `--help`."""
    ParseMachine.error = _raise_error  # type: ignore[assignment, method-assign]
    ParseMachine.see_value = _read_value  # type: ignore[assignment, method-assign]
    ParseMachine.see_positional_arg = _read_word  # type: ignore[assignment, method-assign]


def _read_value(machine: ParseMachine, value: Any) -> None:
    """Read the value of an option. Raises ParseError, which names the option, if its type refuses it."""
    try:
        _see_value(machine, value)
    except ValueError as error:
        kind = machine.flag.kind if machine.flag else int
        expected = getattr(kind, "description", "a whole number")
        problem = f"error: {_option_name(machine)}: '{value}' is not {expected}."
        raise ParseError(problem, machine.context) from error


def _read_word(machine: ParseMachine, word: Any) -> None:
    """Read a word without an option name. In its place, invoke takes any option for the word."""
    place = machine.context.missing_positional_args[0].name
    if word in _SAME_OPTIONS and place in _DATA_OPTIONS:
        machine.switch_to_flag(f"--{place}")
        return
    if _is_unknown_option(word, machine.context):
        raise ParseError(f"error: {_describe_unknown_word(word, machine.context)}", machine.context)
    if word not in _HELP or not machine.initial:
        _see_word(machine, word)
        return
    machine.initial.flags[word].value = machine.context.name
    # Help is shown without running the task, which the missing words would prevent.
    for argument in machine.context.missing_positional_args:
        argument.value = word


def _is_unknown_option(word: str, context: ParserContext) -> bool:
    """Whether the word is an option that the task does not have. An ID or a file may begin with dashes."""
    place = context.missing_positional_args[0].name
    return word.startswith("--") and word not in _HELP and place not in _ID_WORDS and not Path(word).exists()


def _option_name(machine: ParseMachine) -> str:
    name = str(machine.flag.name) if machine.flag else ""
    return f"-{name}" if len(name) == 1 else f"--{name}"


def _raise_error(machine: ParseMachine, message: str) -> None:
    """Raise the error, unless the task takes the unknown word."""
    context = machine.context or ParserContext()
    if message.endswith(_MISSING_VALUE):
        raise ParseError(f"error: {_describe_missing_value(machine, context)}", context)
    if _MISSING_WORD in message:
        raise ParseError(f"error: {_describe_missing_words(context)}", context)
    match = _UNKNOWN_WORD.fullmatch(message)
    if not match:
        raise ParseError(message, context)
    word = ast.literal_eval(match[1])
    option = _BARE_WORD_OPTIONS.get(context.name or "")
    if option and not word.startswith("-"):
        context.args[option].value = word
        return
    raise ParseError(f"error: {_describe_unknown_word(word, context)}", context)


def _describe_missing_value(machine: ParseMachine, context: ParserContext) -> str:
    option = _option_name(machine)
    # An option of invoke itself has no task.
    task = [context.name] if context.name else []
    return f"{' '.join([*task, option])} needs a value. Its meaning: {command_line('--help', *task)}"


def _describe_missing_words(context: ParserContext) -> str:
    task = context.name or ""
    missing = " and ".join(map(_word_name, context.missing_positional_args))
    example = command_line(task, *map(_word_name, context.positional_args))
    return f"{task} needs {missing}: {example}. List its options: {command_line('--help', task)}"


def _word_name(argument: Argument) -> str:
    return str(argument.name).rstrip("_").upper()


def _describe_unknown_word(word: str, context: ParserContext) -> str:
    if not context.name:
        return f"'{word}' is not a task. List the tasks: {command_line('groups')}"
    task = context.name
    if option := _find_file_option(word, context):
        return f"'{word}' needs the name of its option: {command_line(f'{task} --{option}', word)}"
    problem = f"has no option '{word}'" if word.startswith("-") else f"does not take '{word}'"
    return f"{task} {problem}. List its options: {command_line('--help', task)}"


def _find_file_option(word: str, context: ParserContext) -> str | None:
    """The option that probably takes the file. None if the word is not a file."""
    path = Path(word)
    if word.startswith("-") or not (path.suffix or path.exists()):
        return None
    options = _OPTIONS.get(path.suffix.lower(), _OTHER_OPTIONS)
    return next((option for option in options if _is_free(context, option)), None)


def _is_free(context: ParserContext, option: str) -> bool:
    """Whether the task has the option, and the option has no value yet."""
    return option in context.args and context.args[option].raw_value is None
