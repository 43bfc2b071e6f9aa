from pathlib import Path

import pytest

from orchestration.git import Git
from orchestration.layers import LAYERS, Layer, find_layer
from orchestration.planning.layer_paths import changed_files, matching_paths, path_patterns
from terminal.errors import UserError
from tests import repository

DATA = find_layer("data")
PROCESSING = find_layer("processing")


def affected(*changed: str, environment: str = "") -> list[str]:
    return [layer.name for layer in LAYERS if matching_paths(layer, changed, environment)]


def test_folder_of_a_layer_affects_this_layer_only() -> None:
    assert affected("stacks/data/transactions.py") == ["data"]


def test_function_affects_the_layer_that_packages_it() -> None:
    assert affected("functions/fraud/scoring/scorer.py") == ["processing"]
    assert affected("functions/api/requirements.txt") == ["edge"]


def test_shared_function_code_affects_all_layers_with_functions() -> None:
    assert affected("functions/common/domain/currencies.py") == [
        layer.name for layer in LAYERS if layer.functions
    ]


@pytest.mark.parametrize("path", ["shared/tags.py", "requirements/dev.txt"])
def test_shared_stack_code_affects_every_layer(path: str) -> None:
    assert affected(path) == [layer.name for layer in LAYERS]


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "stacks/data/README.md",
        "orchestration/deploy.py",
        "tests/waiting.py",
        "stacks/database/a.py",
    ],
)
def test_file_outside_of_the_programs_affects_no_layer(path: str) -> None:
    assert affected(path) == []


def test_rule_compiler_affects_the_layer_that_packages_the_rules() -> None:
    assert affected("detection/rules/rule_file.py") == ["processing"]
    assert affected("detection/training/train.py") == []


def test_settings_of_another_environment_do_not_affect_a_layer() -> None:
    changed = ["stacks/data/Pulumi.dev.yaml", "stacks/data/Pulumi.yaml"]
    assert matching_paths(DATA, changed, "dev") == ("stacks/data/Pulumi.dev.yaml", "stacks/data/Pulumi.yaml")
    assert matching_paths(DATA, changed, "prod") == ("stacks/data/Pulumi.yaml",)


def test_settings_of_every_environment_affect_a_layer_without_a_choice() -> None:
    assert affected("stacks/edge/Pulumi.prod.yaml") == ["edge"]


def test_matching_paths_are_sorted_and_unique() -> None:
    changed = ["shared/tags.py", "README.md", "functions/fraud/scoring/rules.py", "shared/tags.py"]
    assert matching_paths(PROCESSING, changed) == ("functions/fraud/scoring/rules.py", "shared/tags.py")


def test_exclusions_are_the_last_patterns() -> None:
    assert path_patterns(Layer("reports", "fraud-reports", functions=("digest",)), "dev") == (
        "stacks/reports/**",
        "functions/digest/**",
        "functions/common/**",
        "shared/**",
        "requirements/dev.txt",
        "!stacks/reports/README.md",
        "!stacks/reports/Pulumi.local.yaml",
        "!stacks/reports/Pulumi.staging.yaml",
        "!stacks/reports/Pulumi.prod.yaml",
    )


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """A repository with one commit of three files."""
    made = repository.create_repository(tmp_path)
    text = "a file long enough to be recognised when it is renamed\n"
    repository.commit_files(
        made, "first", {".gitignore": "ignored\n", **{name: name + text for name in "abc"}}
    )
    return made


def test_clean_tree_has_no_changed_files(git: Git) -> None:
    assert changed_files("HEAD", git.root) == ()


def test_committed_staged_unstaged_and_untracked_files_are_changed(git: Git) -> None:
    repository.commit_files(git, "second", {"a": "committed\n"})
    (git.root / "b").write_text("staged\n")
    git.run("add", "b")
    (git.root / "c").write_text("unstaged\n")
    (git.root / "ünträcked file").write_text("")
    (git.root / "ignored").write_text("")
    assert changed_files("HEAD~1", git.root) == ("a", "b", "c", "ünträcked file")


def test_renamed_file_is_changed_under_both_names(git: Git) -> None:
    git.run("mv", "a", "z")
    repository.commit_files(git, "second")
    assert changed_files("HEAD~1", git.root) == ("a", "z")


@pytest.mark.parametrize("commit", ["no-such-commit", "0" * 40, "--all", ""])
def test_unknown_commit_is_refused(git: Git, commit: str) -> None:
    with pytest.raises(UserError) as refused:
        changed_files(commit, git.root)
    assert f"'{commit}'" in refused.value.message
