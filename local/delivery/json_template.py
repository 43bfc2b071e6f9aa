"""An input template of EventBridge Pipes: `<$.path>` and `<aws.pipes.…>` replaced by parts of the record.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

# A whole string literal is taken in one bite: that tells a placeholder in a string from one that is a value.
_LITERAL_OR_PLACEHOLDER = re.compile(r'"(?:\\.|[^"\\])*"|<[^<>]+>')
_PLACEHOLDER = re.compile(r"<([^<>]+)>")
_PATH = re.compile(r"\$((?:\.[A-Za-z0-9_-]+|\[\d+\])*)")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


class TemplateError(ValueError):
    """The template or a path in it cannot be applied to this record."""


def render(template: str, record: Any, variables: Mapping[str, Any]) -> str:
    """The template with its placeholders replaced.

    In the place of a value, what a path finds is written as JSON, so a string gets its quotes; inside a
    string, a string is written as it is. A path that finds nothing is an error: what AWS makes of it is not
    documented, so nothing may build on it.
    """

    def value(name: str) -> Any:
        if name.startswith("$"):
            return find(record, name)
        if name in variables:
            return variables[name]
        raise TemplateError(f"unknown variable <{name}>")

    def inside(match: re.Match[str]) -> str:
        found = value(match.group(1))
        text = found if isinstance(found, str) else json.dumps(found)
        return json.dumps(text)[1:-1]

    def replace(match: re.Match[str]) -> str:
        token = match.group(0)
        return _PLACEHOLDER.sub(inside, token) if token.startswith('"') else json.dumps(value(token[1:-1]))

    return _LITERAL_OR_PLACEHOLDER.sub(replace, template)


def find(record: Any, path: str) -> Any:
    """What the JSON path (`$.a.b[0]`) finds. Raises TemplateError if it finds nothing."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TemplateError(f"{path} is not a path that EventBridge supports")
    found = record
    for key, index in _STEP.findall(match.group(1)):
        try:
            found = found[key] if key else found[int(index)]
        except (KeyError, IndexError, TypeError) as error:
            raise TemplateError(f"{path} finds nothing") from error
    return found


def resolve(value: str, record: Any) -> Any:
    """A target parameter: what a path finds, or the value itself if it is none."""
    return find(record, value) if value.startswith("$.") else value
