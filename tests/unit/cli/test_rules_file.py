from pathlib import Path

import pytest

from orchestration.rules_file import find_rules_file
from terminal.errors import UserError


def test_named_file_has_precedence() -> None:
    assert find_rules_file("other.yaml", "prod") == Path("other.yaml")


def test_default_is_the_file_in_the_settings_of_the_environment() -> None:
    assert find_rules_file("", "prod").resolve().parts[-3:] == ("stacks", "processing", "rules.yaml")


def test_unknown_environment_is_rejected() -> None:
    with pytest.raises(UserError, match="'moon'"):
        find_rules_file("", "moon")
