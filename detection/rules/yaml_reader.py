"""Reads the nodes of a YAML document one by one, so that each fault has the place of what is wrong."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from detection.rules.errors import Fault, unknown
from detection.rules.yaml_positions import positions

T = TypeVar("T", bound=str)

# More than any amount can be, and less than any that matters.
_LEAST, _MOST = Decimal("0.000001"), Decimal(10) ** 15


class Reader:
    """The text of a file, and the faults that are found in it. What is wrong is read as None, or as empty."""

    def __init__(self, text: str) -> None:
        self.faults: list[Fault] = []
        self._text = text

    def document(self) -> Node | None:
        """The root of the document."""
        try:
            root = yaml.compose(self._text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self.faults.append(Fault(line, column, f"this is no YAML: {error.problem or error.context}"))
        except ReaderError as error:
            self._fault_at(error.position, "YAML does not allow this character")
        except RecursionError:
            self.faults.append(Fault(1, 1, "what the file holds is nested too deeply"))
        else:
            if root is None:
                self.faults.append(Fault(1, 1, "the file is empty"))
            return root
        return None

    def fault(self, node: Node, message: str, offset: int | None = None) -> None:
        """What is wrong with a node; with an offset, with that character of a scalar's value."""
        if offset is not None and isinstance(node, ScalarNode):
            self._fault_at(positions(node, self._text)[offset], message)
        else:
            self.faults.append(Fault(node.start_mark.line + 1, node.start_mark.column + 1, message))

    def mapping(self, node: Node, what: str) -> Mapping[str, tuple[Node, Node]]:
        """The nodes of keys and values, by key."""
        if not isinstance(node, MappingNode):
            self.fault(node, f"{what}: names with values are expected here")
            return {}
        found: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self.fault(key, "a name is expected here")
            elif key.value in found:
                self.fault(key, f"{key.value} is given twice")
            else:
                found[key.value] = (key, value)
        return found

    def fields(
        self, node: Node, what: str, possible: Mapping[str, bool], gone: Mapping[str, str] = {}
    ) -> Mapping[str, Node]:
        """The values of a mapping that has only these keys, and surely those that are True here.

        `gone`: what to say of keys that there once were.
        """
        found = self.mapping(node, what)
        for name, (key, _) in found.items():
            if name not in possible:
                self.fault(key, gone.get(name) or unknown("key", name, possible))
        for name, needed in possible.items():
            if needed and name not in found and isinstance(node, MappingNode):
                self.fault(node, f"{what} has no {name}")
        return {name: value for name, (_, value) in found.items() if name in possible}

    def sequence(self, node: Node, what: str) -> list[Node]:
        """The nodes of a list."""
        if isinstance(node, SequenceNode):
            return list(node.value)
        self.fault(node, f"{what}: a list is expected here")
        return []

    def text(self, node: Node, what: str) -> str | None:
        """The text as it is written: what YAML would make of NO, ON or 5967 does not matter."""
        if isinstance(node, ScalarNode):
            return str(node.value)
        self.fault(node, f"{what}: a text is expected here")
        return None

    def choice(self, node: Node, what: str, possible: Sequence[T]) -> T | None:
        """One of a few words."""
        text = self.text(node, what)
        found = next((word for word in possible if word == text), None)
        if text is not None and found is None:
            self.fault(node, f"{what} must be one of {', '.join(possible)}")
        return found

    def number(self, node: Node, what: str) -> Decimal | None:
        """A number greater than 0."""
        text = self.text(node, what)
        if text is None:
            return None
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal(0)
        if number.is_finite() and _LEAST <= number <= _MOST:
            return number
        self.fault(
            node, f"{what} must be a number greater than 0" + (", but not so large" if number > 1 else "")
        )
        return None

    def day(self, node: Node, what: str) -> datetime | None:
        """The beginning of a day, in UTC."""
        text = self.text(node, what)
        if text is None:
            return None
        try:
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.fault(node, f"{what} must be a date, such as 2026-12-31")
            return None

    def _fault_at(self, place: int, message: str) -> None:
        before = self._text[:place]
        line_starts = before.rfind("\n") + 1
        self.faults.append(Fault(before.count("\n") + 1, place - line_starts + 1, message))
