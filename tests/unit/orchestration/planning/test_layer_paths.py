from pathlib import Path

import pytest

from orchestration.git import Git
from orchestration.layers import LAYERS, Layer, find
from orchestration.planning.layer_paths import affected, changed_since, paths_of, reasons
from terminal.errors import UserError
from tests import repository

DATA = find("data")
PROCESSING = find("processing")


def names(*changed: str, environment: str = "") -> list[str]:
    return [layer.name for layer in affected(LAYERS, changed, environment)]


def test_a_layers_own_folder_touches_that_layer_alone() -> None:
    assert names("stacks/data/transactions.py") == ["data"]


def test_a_function_touches_the_layer_that_packages_it() -> None:
    assert names("functions/fraud/scoring/scorer.py") == ["processing"]
    assert names("functions/api/requirements.txt") == ["edge"]


def test_what_functions_share_touches_the_layers_with_functions() -> None:
    assert names("functions/common/domain/currencies.py") == [
        layer.name for layer in LAYERS if layer.functions
    ]


@pytest.mark.parametrize("path", ["shared/tags.py", "requirements/dev.txt"])
def test_what_stacks_share_touches_every_layer(path: str) -> None:
    assert names(path) == [layer.name for layer in LAYERS]


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
def test_what_no_program_reads_touches_no_layer(path: str) -> None:
    assert names(path) == []


def test_the_compiler_of_the_rules_is_part_of_the_layer_that_packages_them() -> None:
    assert names("detection/rules/rule_file.py") == ["processing"]
    assert names("detection/training/train.py") == []


def test_settings_of_another_environment_do_not_touch_a_layer() -> None:
    changed = ["stacks/data/Pulumi.dev.yaml", "stacks/data/Pulumi.yaml"]
    assert reasons(DATA, changed, "dev") == ("stacks/data/Pulumi.dev.yaml", "stacks/data/Pulumi.yaml")
    assert reasons(DATA, changed, "prod") == ("stacks/data/Pulumi.yaml",)


def test_settings_of_every_environment_count_where_none_is_chosen() -> None:
    assert names("stacks/edge/Pulumi.prod.yaml") == ["edge"]


def test_the_reasons_are_the_paths_once_each_and_sorted() -> None:
    changed = ["shared/tags.py", "README.md", "functions/fraud/scoring/rules.py", "shared/tags.py"]
    assert reasons(PROCESSING, changed) == ("functions/fraud/scoring/rules.py", "shared/tags.py")


def test_patterns_are_those_of_a_path_filter_with_the_exceptions_last() -> None:
    assert paths_of(Layer("reports", "fraud-reports", functions=("digest",)), "dev") == (
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
    made = repository.make(tmp_path)
    text = "a file long enough to be recognised when it is renamed\n"
    repository.commit(made, "first", {".gitignore": "ignored\n", **{name: name + text for name in "abc"}})
    return made


def test_nothing_changed_since_a_commit_that_is_checked_out(git: Git) -> None:
    assert changed_since("HEAD", git.root) == ()


def test_committed_staged_unstaged_and_untracked_files_have_changed(git: Git) -> None:
    repository.commit(git, "second", {"a": "committed\n"})
    (git.root / "b").write_text("staged\n")
    git.run("add", "b")
    (git.root / "c").write_text("unstaged\n")
    (git.root / "ünträcked file").write_text("")
    (git.root / "ignored").write_text("")
    assert changed_since("HEAD~1", git.root) == ("a", "b", "c", "ünträcked file")


def test_a_renamed_file_has_changed_under_both_names(git: Git) -> None:
    git.run("mv", "a", "z")
    repository.commit(git, "second")
    assert changed_since("HEAD~1", git.root) == ("a", "z")


@pytest.mark.parametrize("commit", ["no-such-commit", "0" * 40, "--all", ""])
def test_an_unknown_commit_is_the_users_to_correct(git: Git, commit: str) -> None:
    with pytest.raises(UserError, match=f"no commit '{commit}'"):
        changed_since(commit, git.root)
