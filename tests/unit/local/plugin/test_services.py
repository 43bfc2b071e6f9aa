"""The declared properties, compared with the official SDK."""

import importlib
import inspect
import re

import pytest

from local.plugin.provider import RESOURCES


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_every_declared_property_exists_in_the_sdk(kind: str) -> None:
    assert RESOURCES[kind].properties.keys() - sdk_properties(kind) == set()


def sdk_properties(kind: str) -> set[str]:
    """The inputs of a type in pulumi_aws, with the engine's names."""
    package, name = re.fullmatch(r"aws:(\w+)/\w+:(\w+)", kind).groups()  # type: ignore[union-attr]
    module = importlib.import_module(f"pulumi_aws.{'lambda_' if package == 'lambda' else package}")
    parameters = inspect.signature(getattr(module, name)._internal_init).parameters
    return {re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), parameter) for parameter in parameters}
