"""Errors in command lines, with hints.

invoke prints the errors of its parser and has no hook for them. Its state machine cannot have subclasses, so
the method that raises the errors is replaced.
"""

import ast
import re
from pathlib import Path

from invoke.exceptions import ParseError
from invoke.parser.context import ParserContext
from invoke.parser.parser import ParseMachine

from terminal.command_line import command_line

# The message of invoke for an unknown word. It contains the word as a Python literal.
_UNKNOWN_WORD = re.compile("No idea what (.*) is!", re.DOTALL)
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


def install_hints() -> None:
    """Add hints to the errors of invoke's parser."""
    ParseMachine.error = _raise_error  # type: ignore[assignment, method-assign]


def _raise_error(machine: ParseMachine, message: str) -> None:
    """Raise the error, unless the task takes the unknown word."""
    context = machine.context or ParserContext()
    match = _UNKNOWN_WORD.fullmatch(message)
    if not match:
        raise ParseError(message, context)
    word = ast.literal_eval(match[1])
    option = _BARE_WORD_OPTIONS.get(context.name or "")
    if option and not word.startswith("-"):
        context.args[option].value = word
        return
    raise ParseError(f"error: {_describe_unknown_word(word, context)}", context)


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
