"""The functions stand alone: what their zips hold is all that they import."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[3] / "functions"
MODULES = sorted(FUNCTIONS.rglob("*.py"))
_OURS = {"shared", "stacks", "orchestration", "operations", "cli", "terminal", "detection", "local", "tests"}
_NOT_IN_THE_ZIP = {"pulumi", "pulumi_aws", "boto3", "yaml", "aws_lambda_powertools", *_OURS}


def _imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            assert node.level == 0, f"{module} has a relative import"


def test_there_are_modules_to_look_at() -> None:
    assert {path.relative_to(FUNCTIONS).parts[0] for path in MODULES} >= {"common", "api", "fraud", "notify"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(FUNCTIONS)))
def test_module_imports_only_its_own_package_and_what_is_common(module: Path) -> None:
    own = module.relative_to(FUNCTIONS).parts[0]
    for name in _imported(module):
        top, _, rest = name.partition(".")
        assert top not in _NOT_IN_THE_ZIP
        if top == "functions":
            assert rest.split(".")[0] in {own, "common"}
