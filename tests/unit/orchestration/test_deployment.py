from pathlib import Path

import pytest

from orchestration.deployment import deploy_layers
from orchestration.environments import Environment
from orchestration.session import EnvironmentSession
from terminal.errors import UserError


def never_confirm(question: str, _word: str) -> None:
    raise AssertionError(question)


@pytest.mark.parametrize("options", [{"names": ["data"]}, {"changed": True}, {"plan": "new"}])
def test_saved_plan_is_not_combined_with_a_selection(tmp_path: Path, options: dict[str, object]) -> None:
    session = EnvironmentSession(Environment("local", tmp_path))
    with pytest.raises(UserError, match="--from-plan"):
        deploy_layers(session, never_confirm, from_plan="saved", **options)  # type: ignore[arg-type]


def test_unknown_layer_is_refused_before_anything_else(tmp_path: Path) -> None:
    session = EnvironmentSession(Environment("local", tmp_path))
    with pytest.raises(UserError, match="procesing"):
        deploy_layers(session, never_confirm, ["procesing"])
    assert not session.environment.state_folder.exists()
