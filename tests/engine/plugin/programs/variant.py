"""The variants of a test program, and the group of resources that it declares."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

Client = Callable[[str], Any]


class Variant(Enum):
    """FIRST creates the resources, EQUIVALENT declares the same in another form, CHANGED differs."""

    FIRST = "first"
    EQUIVALENT = "equivalent"
    CHANGED = "changed"


@dataclass(frozen=True)
class Group:
    """A program and its expected results.

    program: receives the variant and a folder for files.
    types: the resource types of the program.
    changes: the operations of CHANGED by logical name; other resources do not change.
    list_resources: lists the resources of these types in AWS.
    read_settings: reads the settings in AWS after CHANGED. Its second argument returns the outputs of a
    resource.
    expected_settings: the expected result of read_settings.
    """

    program: Callable[[Variant, Path], None]
    types: frozenset[str]
    changes: dict[str, str]
    list_resources: Callable[[Client], set[str]]
    read_settings: Callable[[Client, Callable[[str], dict[str, Any]]], dict[str, Any]]
    expected_settings: dict[str, Any]
