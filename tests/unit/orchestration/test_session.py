from pathlib import Path

import pytest

from orchestration.environments import ROOT, Environment
from orchestration.layers import LAYERS, find_layer
from orchestration.session import EnvironmentSession
from terminal.errors import UserError

PROCESSING = find_layer("processing")


def open_session(root: Path, settings: str) -> EnvironmentSession:
    """Open a tree with the rules of this repository and the given settings of the layer processing."""
    folder = root / "stacks" / "processing"
    folder.mkdir(parents=True)
    (folder / "rules.yaml").write_bytes((ROOT / "stacks/processing/rules.yaml").read_bytes())
    (folder / "bad.json").write_text("{}")
    text = "config:\n  aws:region: us-east-1\n" + settings.replace("~", "  fraud-processing:")
    (folder / "Pulumi.local.yaml").write_text(text)
    return EnvironmentSession(Environment("local", root))


def test_settings_and_files_of_this_repository_are_valid() -> None:
    session = EnvironmentSession(Environment("local", ROOT))
    session.check_settings(LAYERS)
    session.check_settings_files(LAYERS)


@pytest.mark.parametrize(
    ("settings", "file"),
    [
        ("~modelFile: lost.json\n", "lost.json"),
        ("~modelFile: bad.json\n", "bad.json"),
        ("~rulesFile: lost.yaml\n", "lost.yaml"),
        ("~candidateRulesFile: lost.yaml\n", "lost.yaml"),
    ],
)
def test_unusable_file_is_an_error_of_one_line_that_names_it(
    tmp_path: Path, settings: str, file: str
) -> None:
    session = open_session(tmp_path, settings)
    with pytest.raises(UserError) as caught:
        session.check_settings_files([PROCESSING])
    assert caught.value.message.startswith("stacks/processing: ")
    assert file in caught.value.message
    assert "\n" not in str(caught.value)


def test_each_error_of_the_rules_is_a_line(tmp_path: Path) -> None:
    session = open_session(tmp_path, "")
    rules = session.environment.stack_folder("processing") / "rules.yaml"
    rules.write_text("version: 1\nrules:\n  - id: one\n  - id: two\n")
    with pytest.raises(UserError) as caught:
        session.check_settings_files([PROCESSING])
    first, *lines = caught.value.message.splitlines()
    assert first == f"stacks/processing: {len(lines)} errors:"
    assert len(lines) > 1
    assert all(line.startswith("  rules.yaml:") for line in lines)


def test_settings_are_read_once(tmp_path: Path) -> None:
    session = open_session(tmp_path, "")
    settings = session.settings(PROCESSING)
    session.environment.settings_file("processing").unlink()
    assert session.settings(PROCESSING) is settings


def test_invalid_setting_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="noSuchSetting"):
        open_session(tmp_path, "~noSuchSetting: 1\n").check_settings([PROCESSING])


def test_local_needs_no_account_and_no_pushed_tree(tmp_path: Path) -> None:
    session = open_session(tmp_path, "")
    session.check_account()
    assert session.check_tree() == ""


def test_nothing_is_deployed_to_an_untouched_environment(tmp_path: Path) -> None:
    session = open_session(tmp_path, "")
    assert session.is_untouched
    with pytest.raises(UserError, match="deploy"):
        session.open_reading_engine()


def test_local_only_task_refuses_an_account() -> None:
    EnvironmentSession(Environment("local", ROOT)).require_local("demo")
    with pytest.raises(UserError, match="demo"):
        EnvironmentSession(Environment("prod", ROOT)).require_local("demo")


REGION = "config:\n  aws:region: us-east-1\n"


def find_settings_error(root: Path, **settings: str) -> UserError:
    """Write the settings of layers, and return the error for those other than foundation."""
    for layer, text in settings.items():
        folder = root / "stacks" / layer
        folder.mkdir(parents=True)
        (folder / "Pulumi.local.yaml").write_text(text)
    layers = [find_layer(layer) for layer in settings if layer != "foundation"]
    with pytest.raises(UserError) as caught:
        EnvironmentSession(Environment("local", root)).check_settings(layers)
    return caught.value


def test_settings_errors_of_all_layers_are_reported(tmp_path: Path) -> None:
    settings = f"{REGION}  fraud-data:retentionDays: 0\n"
    error = find_settings_error(tmp_path, data=settings, edge=f"{REGION}  throttleBurst: 0\n")
    for key in ("fraud-data:alertEmails", "fraud-data:retentionDays", "fraud-edge:throttleBurst"):
        assert error.message.count(key) == 1


def test_error_in_the_settings_of_foundation_is_reported_once(tmp_path: Path) -> None:
    error = find_settings_error(tmp_path, foundation="a: [", processing=REGION, edge=REGION)
    assert error.message.startswith("stacks/foundation/Pulumi.local.yaml:1: ")
    assert "\n" not in error.message
