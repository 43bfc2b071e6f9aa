"""The AWS operations in the source code of a function, recognized by their names in botocore's models."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

from tests.stacks.recording import ROOT

SERVICES = ("dynamodb", "sqs", "sns")


def find_operations(function: str) -> set[str]:
    """Operations such as `dynamodb.put_item` in the function's folder and the common code that it uses."""
    trees = [ast.parse(path.read_text()) for path in sorted((ROOT / "functions" / function).glob("*.py"))]
    names, operations = set[str](), set[str]()
    for tree in trees:
        names |= _find_names(tree)
        operations |= set(_find_called_operations(tree))
    return operations | _common_operations(names)


def _common_operations(names: set[str]) -> set[str]:
    """The operations in the definitions in functions/common with these names, including indirect uses."""
    operations, seen = set[str](), set[str]()
    while names - seen:
        name = (names - seen).pop()
        seen.add(name)
        for definition in _common_definitions().get(name, ()):
            operations |= set(_find_called_operations(definition))
            names = names | _find_names(definition)
    return operations


@cache
def _common_definitions() -> dict[str, list[ast.AST]]:
    definitions: dict[str, list[ast.AST]] = {}
    for path in sorted(Path(ROOT / "functions" / "common").rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                definitions.setdefault(node.name, []).append(node)
    return definitions


def _find_names(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    loose = {node.id for node in nodes if isinstance(node, ast.Name)}
    return loose | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def _find_called_operations(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from (
                f"{service}.{node.func.attr}" for service in _services_by_method().get(node.func.attr, ())
            )


@cache
def _services_by_method() -> dict[str, list[str]]:
    session = botocore.session.get_session()
    found: dict[str, list[str]] = {}
    for service in SERVICES:
        for operation in session.get_service_model(service).operation_names:
            found.setdefault(xform_name(operation), []).append(service)
    return found
