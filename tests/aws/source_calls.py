"""The operations of AWS that a function's source code calls, found by their names in botocore's models."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

from tests.stacks.recording import ROOT

SERVICES = ("dynamodb", "sqs", "sns")


def find_operations(function: str) -> set[str]:
    """Such as `dynamodb.put_item`, called in the function's folder or in what it uses of functions/common."""
    trees = [ast.parse(path.read_text()) for path in sorted((ROOT / "functions" / function).glob("*.py"))]
    names, operations = set[str](), set[str]()
    for tree in trees:
        names |= _names(tree)
        operations |= set(_operations(tree))
    return operations | _operations_of_common(names)


def _operations_of_common(names: set[str]) -> set[str]:
    """Those of the definitions in functions/common with these names, and of what these use in turn."""
    found, seen = set[str](), set[str]()
    while names - seen:
        name = (names - seen).pop()
        seen.add(name)
        for definition in _common().get(name, ()):
            found |= set(_operations(definition))
            names = names | _names(definition)
    return found


@cache
def _common() -> dict[str, list[ast.AST]]:
    definitions: dict[str, list[ast.AST]] = {}
    for path in sorted(Path(ROOT / "functions" / "common").rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                definitions.setdefault(node.name, []).append(node)
    return definitions


def _names(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    loose = {node.id for node in nodes if isinstance(node, ast.Name)}
    return loose | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def _operations(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from (f"{service}.{node.func.attr}" for service in _services().get(node.func.attr, ()))


@cache
def _services() -> dict[str, list[str]]:
    session = botocore.session.get_session()
    found: dict[str, list[str]] = {}
    for service in SERVICES:
        for operation in session.get_service_model(service).operation_names:
            found.setdefault(xform_name(operation), []).append(service)
    return found
