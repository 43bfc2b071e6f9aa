"""Reads a YAML document node by node and records each fault with its position."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from detection.rules.errors import Fault, describe_unknown_name

T = TypeVar("T", bound=str)

# Wider than the range of amounts.
_MIN_NUMBER, _MAX_NUMBER = Decimal("0.000001"), Decimal(10) ** 15
# The length of an escape in double quotes, by its second character; all others have 2 characters.
_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}
_BLOCK_STYLES = ("|", ">")


class YamlReader:
    """The text of a file and the `faults` found in it. A faulty value is read as None or as empty.

    `label` names the node in messages.
    """

    def __init__(self, text: str) -> None:
        self.faults: list[Fault] = []
        self._text = text

    def add_fault(self, node: Node, message: str, offset: int | None = None) -> None:
        """Record a fault of a node, or of the character at `offset` in the value of a scalar."""
        if offset is not None and isinstance(node, ScalarNode):
            self._add_fault_at(character_positions(node, self._text)[offset], message)
        else:
            self.faults.append(Fault(node.start_mark.line + 1, node.start_mark.column + 1, message))

    def read_document(self) -> Node | None:
        """The root of the document."""
        try:
            root = yaml.compose(self._text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self.faults.append(Fault(line, column, f"not valid YAML: {error.problem or error.context}"))
        except ReaderError as error:
            self._add_fault_at(error.position, "YAML does not allow this character: remove it")
        except RecursionError:
            self.faults.append(Fault(1, 1, "the document is nested too deeply: use fewer levels"))
        else:
            if root is None:
                self.faults.append(Fault(1, 1, "the file is empty: add a threshold and rules"))
            return root
        return None

    def read_mapping(self, node: Node, label: str) -> Mapping[str, tuple[Node, Node]]:
        """The nodes of keys and values, by key."""
        if not isinstance(node, MappingNode):
            self.add_fault(node, f"{label} must be a mapping of names to values")
            return {}
        entries: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.add_fault(key, "the key must be a name")
            elif key.value in entries:
                self.add_fault(key, f"duplicate key '{key.value}': remove one")
            else:
                entries[key.value] = (key, value)
        return entries

    def read_fields(
        self, node: Node, label: str, fields: Mapping[str, bool], removed: Mapping[str, str] = {}
    ) -> Mapping[str, Node]:
        """The values of a mapping by name. `fields`: the allowed names, True for a required one.

        `removed`: messages for names that were allowed in the past.
        """
        entries = self.read_mapping(node, label)
        for name, (key, _) in entries.items():
            if name not in fields:
                self.add_fault(key, removed.get(name) or describe_unknown_name("key", name, fields))
        for name, required in fields.items():
            if required and name not in entries and isinstance(node, MappingNode):
                self.add_fault(node, f"{label} needs the key '{name}'")
        return {name: value for name, (_, value) in entries.items() if name in fields}

    def read_list(self, node: Node, label: str) -> list[Node]:
        """The nodes of a list."""
        if isinstance(node, SequenceNode):
            return list(node.value)
        self.add_fault(node, f"{label} must be a list")
        return []

    def read_string(self, node: Node, label: str) -> str | None:
        """The text of a scalar, without YAML's conversion of values such as NO, ON or 5967."""
        if isinstance(node, ScalarNode):
            return str(node.value)
        self.add_fault(node, f"{label} must be a string")
        return None

    def read_choice(self, node: Node, label: str, choices: Sequence[T]) -> T | None:
        """One of `choices`."""
        text = self.read_string(node, label)
        chosen = next((choice for choice in choices if choice == text), None)
        if text is not None and chosen is None:
            self.add_fault(node, f"{label} must be one of {', '.join(choices)}")
        return chosen

    def read_number(self, node: Node, label: str) -> Decimal | None:
        """A number greater than 0."""
        text = self.read_string(node, label)
        return None if text is None else self.parse_number(node, text, label)

    def parse_number(self, node: Node, text: str, label: str) -> Decimal | None:
        """The number in `text`, a part of the node. It is greater than 0."""
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal(0)
        if number.is_nan():
            number = Decimal(0)
        if _MIN_NUMBER <= number <= _MAX_NUMBER:
            return number
        bound = f"of at most {_MAX_NUMBER:.0e}" if number > _MAX_NUMBER else "greater than 0"
        self.add_fault(node, f"{label} must be a number {bound}")
        return None

    def read_day(self, node: Node, label: str) -> datetime | None:
        """The start of a day, in UTC."""
        text = self.read_string(node, label)
        if text is None:
            return None
        try:
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.add_fault(node, f"{label} must be a date, such as 2026-12-31")
            return None

    def _add_fault_at(self, index: int, message: str) -> None:
        before = self._text[:index]
        line_start = before.rfind("\n") + 1
        self.faults.append(Fault(before.count("\n") + 1, index - line_start + 1, message))


def character_positions(scalar: ScalarNode, text: str) -> list[int]:
    """The position in `text`, the whole file, of each character of the scalar's value, and of its end.

    Quotes, escapes, folds and indentation make the value and the text differ.
    The position of a space that replaces a line break can be that of an adjacent blank.
    """
    index = _skip_properties(scalar, text)
    if scalar.style in _BLOCK_STYLES:
        # The first line holds the block indicators, such as '>-'.
        index = text.find("\n", index) + 1
    elif scalar.style:
        index += 1
    positions = []
    for character in scalar.value:
        if not character.isspace():
            index = _skip_blanks(scalar, text, index)
        positions.append(index)
        if not character.isspace() or text[index : index + 1].isspace() or text[index : index + 1] == "\\":
            index += _written_length(scalar, text, index)
    return [*positions, index]


def _skip_properties(scalar: ScalarNode, text: str) -> int:
    """The position after an anchor or a tag, if the scalar has one."""
    index: int = scalar.start_mark.index
    while index < scalar.end_mark.index and text[index] in "&!":
        while not text[index].isspace():
            index += 1
        index = _skip_blanks(scalar, text, index)
    return index


def _skip_blanks(scalar: ScalarNode, text: str, index: int) -> int:
    """The position after blanks and, in double quotes, escaped line breaks."""
    while index < scalar.end_mark.index:
        escaped_break = scalar.style == '"' and text[index : index + 2] in ("\\\n", "\\\r")
        if not (text[index].isspace() or escaped_break):
            break
        index += 2 if escaped_break else 1
    return index


def _written_length(scalar: ScalarNode, text: str, index: int) -> int:
    """The number of characters in the file that encode the character at `index`."""
    if scalar.style == '"' and text[index : index + 1] == "\\":
        return _ESCAPE_LENGTHS.get(text[index + 1], 2)
    return 2 if scalar.style == "'" and text.startswith("''", index) else 1
