"""Commands in Markdown files, checked with invoke's parser and the service models of botocore."""

import re
import shlex
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import Shape, StructureShape
from invoke.exceptions import ParseError
from invoke.parser import Parser, ParserContext

import tasks
from orchestration.environments import ACCOUNT_ENVIRONMENTS, LOCAL, ROOT
from orchestration.layers import LAYERS

_INLINE = re.compile(r"`((?:invoke|\./inv|aws) [^`]+)`")
_SUBSTITUTION = re.compile(r"\$\((.*?)\)")
_TOOLS = ("invoke", "./inv", "aws")
# The new layer in docs/runbooks/adding-a-layer.md.
_EXAMPLE_LAYER = "reporting"
_CLI_OPTIONS = frozenset({"query", "output", "region", "profile"})
_SEPARATORS = frozenset({"&&", "||", "|", ";", ">", "<", "("})
_PLACEHOLDER_VALUES = re.compile(r"<\w+>|[A-Z_]+")


@dataclass(frozen=True)
class Command:
    """One command, with its file and section."""

    file: str
    section: str
    words: tuple[str, ...]
    # A command in a sentence, such as `invoke rollback`, may lack required options.
    is_inline: bool = False

    def __str__(self) -> str:
        return f"{self.file}: {' '.join(self.words)}"


def list_documents() -> list[Path]:
    """List the Markdown files that describe commands."""
    return [
        ROOT / "README.md",
        ROOT / "operations" / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


def read_commands(path: Path) -> Iterator[Command]:
    """Read the commands of tasks and of the AWS CLI in indented, fenced and inline code."""
    section, is_fenced = "", False
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        if line.lstrip().startswith("```"):
            is_fenced = not is_fenced
        elif is_fenced or line.startswith("    "):
            for words in _split(line):
                yield Command(str(path.relative_to(ROOT)), section, words)
        else:
            for match in _INLINE.finditer(line):
                for words in _split(match.group(1)):
                    yield Command(str(path.relative_to(ROOT)), section, words, is_inline=True)


def find_mistake(command: Command) -> str:
    """Return the mistake in a command, or an empty string."""
    if command.words[0] == "aws":
        return _find_aws_mistake(command)
    if command.is_inline and command.words[1:] in {(name,) for name in tasks.namespace.task_names}:
        return ""
    return _find_task_mistake(list(command.words[1:]))


def _split(line: str) -> Iterator[tuple[str, ...]]:
    for text in (*_SUBSTITUTION.findall(line), _SUBSTITUTION.sub("SUBSTITUTION", line)):
        # Skips sentences in code, such as `edit …, then invoke deploy`.
        if not text.strip().startswith((*_TOOLS, "eval")):
            continue
        words = shlex.split(text, comments=True)
        while words:
            end = next((index for index, word in enumerate(words) if word in _SEPARATORS), len(words))
            if words[:1] and words[0] in _TOOLS:
                yield tuple(words[:end])
            words = words[end + 1 :]


@cache
def _make_parser() -> Parser:
    """Create invoke's parser from a copy of the tasks, because it removes their help texts."""
    return Parser(contexts=deepcopy(tasks.namespace).to_contexts())


def _find_task_mistake(words: list[str]) -> str:
    if not words or words[0].startswith(("-", "…")) or "…" in words:
        return ""
    try:
        parsed = _make_parser().parse_argv(words)
    except ParseError as error:
        return str(error)
    return "; ".join(filter(None, (_find_wrong_value(context) for context in parsed)))


def _find_wrong_value(context: ParserContext) -> str:
    allowed = {
        "env": {LOCAL, *ACCOUNT_ENVIRONMENTS},
        "layer": {_EXAMPLE_LAYER, *(layer.name for layer in LAYERS)},
    }
    for name, values in allowed.items():
        argument = context.args[name].value if name in context.args else None
        for value in argument if isinstance(argument, list) else [argument]:
            if value and value not in values and not _PLACEHOLDER_VALUES.fullmatch(str(value)):
                return f"--{name}: {value}"
    return ""


def _find_aws_mistake(command: Command) -> str:
    _, service, action, *options = command.words
    try:
        model = botocore.session.get_session().get_service_model(service)
    except UnknownServiceError:
        return f"no service {service}"
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    if action not in operations:
        return f"{service} has no {action}"
    shape = model.operation_model(operations[action]).input_shape
    members = {xform_name(name, "-"): name for name in shape.members} if shape else {}
    given = {word[2:].partition("=")[0] for word in options if word.startswith("--")} - _CLI_OPTIONS
    if unknown := given - set(members):
        return f"{action} has no --{min(unknown)}"
    if command.is_inline and not options:
        return ""
    if missing := {xform_name(name, "-") for name in shape.required_members} - given if shape else set():
        return f"{action} needs --{min(missing)}"
    return _find_wrong_shorthand(options, {option: shape.members[name] for option, name in members.items()})


def _find_wrong_shorthand(options: list[str], shapes: dict[str, Shape]) -> str:
    """Return an option whose value, such as Key=a,Value=b, names an unknown member or enum value."""
    for option, value in pairwise(options):
        shape = shapes.get(option.removeprefix("--")) if option.startswith("--") else None
        if shape is not None and shape.type_name == "list":
            shape = shape.member
        if isinstance(shape, StructureShape):
            names = {pair.partition("=")[0] for pair in value.split(",")}
            if unknown := names - set(shape.members):
                return f"{option}: no {min(unknown)}"
        elif shape is not None and getattr(shape, "enum", None) and value not in shape.enum:
            return f"{option}: not {value}"
    return ""
