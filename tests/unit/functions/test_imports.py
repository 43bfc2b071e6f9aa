"""A function imports only what its zip contains."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[3] / "functions"
MODULES = sorted(FUNCTIONS.rglob("*.py"))
_OTHER_FOLDERS = {
    "shared",
    "stacks",
    "orchestration",
    "operations",
    "cli",
    "terminal",
    "detection",
    "local",
    "tests",
}
_NOT_IN_THE_ZIP = {"pulumi", "pulumi_aws", "boto3", "yaml", "aws_lambda_powertools", *_OTHER_FOLDERS}


def _find_imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            assert node.level == 0, f"{module} has a relative import"


def test_every_function_has_modules() -> None:
    assert {path.relative_to(FUNCTIONS).parts[0] for path in MODULES} >= {"common", "api", "fraud", "notify"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(FUNCTIONS)))
def test_module_imports_only_its_own_package_and_common(module: Path) -> None:
    own = module.relative_to(FUNCTIONS).parts[0]
    for name in _find_imports(module):
        top, _, rest = name.partition(".")
        assert top not in _NOT_IN_THE_ZIP
        if top == "functions":
            assert rest.split(".")[0] in {own, "common"}


SCORING = [module for module in MODULES if "scoring" in module.parts]


@pytest.mark.parametrize("module", SCORING, ids=lambda path: path.name)
def test_scoring_imports_only_the_domain_and_itself(module: Path) -> None:
    allowed = ("functions.common.domain.", "functions.fraud.scoring.")
    imports = [name for name in _find_imports(module) if name.startswith("functions")]
    assert all(f"{name}.".startswith(allowed) for name in imports)
