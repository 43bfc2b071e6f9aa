"""Input templates of EventBridge Pipes, with the placeholders `<$.path>` and `<aws.pipes.…>`.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

# Matching a whole string literal distinguishes a placeholder inside a string from one that is a value.
_LITERAL_OR_PLACEHOLDER = re.compile(r'"(?:\\.|[^"\\])*"|<[^<>]+>')
_PLACEHOLDER = re.compile(r"<([^<>]+)>")
_PATH = re.compile(r"\$((?:\.[A-Za-z0-9_-]+|\[\d+\])*)")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


class TemplateError(ValueError):
    """A template, or a path in it, cannot be applied to a record."""


def render_template(template: str, record: Any, variables: Mapping[str, Any]) -> str:
    """The template with its placeholders replaced.

    A placeholder that is a value becomes JSON, so a string gets quotes. Inside a string literal, a string is
    inserted without quotes. Raises TemplateError if a path does not exist in the record: AWS does not
    document its result, so no template may depend on it.
    """

    def read_value(name: str) -> Any:
        if name.startswith("$"):
            return find_value(record, name)
        if name in variables:
            return variables[name]
        raise TemplateError(f"unknown variable <{name}>")

    def insert_text(match: re.Match[str]) -> str:
        value = read_value(match.group(1))
        text = value if isinstance(value, str) else json.dumps(value)
        return json.dumps(text)[1:-1]

    def replace_token(match: re.Match[str]) -> str:
        token = match.group(0)
        if token.startswith('"'):
            return _PLACEHOLDER.sub(insert_text, token)
        return json.dumps(read_value(token[1:-1]))

    return _LITERAL_OR_PLACEHOLDER.sub(replace_token, template)


def find_value(record: Any, path: str) -> Any:
    """The value at a JSON path (`$.a.b[0]`). Raises TemplateError if the record has no such value."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TemplateError(f"{path} is not a JSON path that EventBridge supports")
    value = record
    for key, index in _STEP.findall(match.group(1)):
        try:
            value = value[key] if key else value[int(index)]
        except (KeyError, IndexError, TypeError) as error:
            raise TemplateError(f"the record has no value at {path}") from error
    return value


def resolve_parameter(value: str, record: Any) -> Any:
    """A target parameter: the value at the JSON path, or the parameter itself if it is not a path."""
    return find_value(record, value) if value.startswith("$.") else value
