"""The scripts that workflows run, with fakes of `gh` and `./inv` that record their arguments."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestration.environments import ROOT

SCRIPTS = ROOT / ".github" / "scripts"
RECORD_CALL = 'printf "%s\\n" "$*" >> "$CALLS"\n'
MARKER = "<!-- fraud-pipeline: preview -->"


@dataclass(frozen=True)
class Runner:
    """A clone with the fakes and the variables of a job."""

    folder: Path

    def add_command(self, name: str, script: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/bash\n{RECORD_CALL}{script}\n")
        path.chmod(0o755)

    def run(self, script: str, *arguments: str, variables: Mapping[str, str]) -> int:
        return self.start(script, *arguments, variables=variables).returncode

    def start(
        self, script: str, *arguments: str, variables: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[bytes]":
        defaults = {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "CALLS": str(self.folder / "calls"),
            "GITHUB_REPOSITORY": "example/fraud-pipeline",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_RUN_ID": "42",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
        }
        command = ["bash", str(SCRIPTS / script), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env={**defaults, **variables}, check=False, capture_output=True
        )

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def fake_layers(**affected: bool) -> str:
    document = {"layers": [{"name": name, "affected": value} for name, value in affected.items()]}
    return print_layers(document)


def print_layers(document: Mapping[str, Any]) -> str:
    return f"if [ $1 = layers ]; then echo '{json.dumps(document)}'; exit; fi\n"


def write_preview(runner: Runner) -> int:
    return runner.run("preview", "preview.md", variables={"ENVIRONMENT": "dev"})


def test_affected_layers_are_previewed(runner: Runner) -> None:
    runner.add_command("inv", fake_layers(data=True, edge=True, processing=False) + "echo 'a plan'")
    assert write_preview(runner) == 0
    assert runner.calls() == [
        "layers --since HEAD^1 --env dev --json",
        "preview --env dev --layer data --layer edge",
    ]
    assert runner.text("preview.md") == "a plan\n"


def test_nothing_is_previewed_when_no_layer_is_affected(runner: Runner) -> None:
    runner.add_command("inv", fake_layers(data=False))
    assert write_preview(runner) == 0
    assert runner.text("preview.md") == "No layer is affected.\n"
    assert len(runner.calls()) == 1


def test_failed_preview_fails_the_job_and_is_reported(runner: Runner) -> None:
    runner.add_command("inv", fake_layers(data=True) + "echo 'half a plan'; exit 3")
    assert write_preview(runner) == 3
    assert runner.text("preview.md").startswith("half a plan\n")
    assert "status 3" in runner.text("preview.md")


def test_job_fails_when_layers_cannot_be_listed(runner: Runner) -> None:
    runner.add_command("inv", "exit 1")
    assert write_preview(runner) != 0


def post_comment(runner: Runner, *comments: tuple[int, str, str]) -> str:
    """The posted text. `comments` are the existing ones as (id, author, text)."""
    existing = [{"id": number, "user": {"login": login}, "body": body} for number, login, body in comments]
    runner.add_command(
        "gh",
        "to=${!#}/preview-dev\n"
        "if [ $1 = run ]; then mkdir -p $to; echo 'a plan' > $to/preview.md; exit; fi\n"
        f"if [ $2 = --paginate ]; then echo '{json.dumps(existing)}'; exit; fi\n"
        'field=${!#}; cp "${field#body=@}" posted.md',
    )
    variables = {"NUMBER": "7", "ENVIRONMENTS": "dev prod"}
    assert runner.run("comment", variables=variables) == 0
    return runner.text("posted.md")


def test_first_comment_has_a_section_for_each_environment(runner: Runner) -> None:
    posted = post_comment(runner, (1, "ann", "LGTM"))
    assert "--method POST repos/example/fraud-pipeline/issues/7/comments" in runner.calls()[-1]
    assert posted.startswith(f"{MARKER}\n")
    assert "### dev\n\n``````\na plan\n" in posted
    assert "### prod\n\n``````\nNo preview." in posted


def test_later_run_updates_the_existing_comment(runner: Runner) -> None:
    post_comment(runner, (1, "ann", "LGTM"), (2, "github-actions[bot]", f"{MARKER}\nold"))
    assert "--method PATCH repos/example/fraud-pipeline/issues/comments/2 " in runner.calls()[-1]


def test_comment_of_another_user_is_not_changed(runner: Runner) -> None:
    post_comment(runner, (1, "mallory", f"{MARKER}\nmine"), (2, "github-actions[bot]", "something else"))
    assert "--method POST" in runner.calls()[-1]


def find_drift(runner: Runner, *titles: str, status: int) -> int:
    issues = [{"number": number, "title": title} for number, title in enumerate(titles, start=1)]
    runner.add_command("inv", f"echo 'a queue differs'; exit {status}")
    runner.add_command("gh", f"if [ $2 = list ]; then echo '{json.dumps(issues)}'; fi")
    return runner.run("drift", variables={"ENVIRONMENT": "prod"})


def test_drift_fails_the_job_and_opens_an_issue(runner: Runner) -> None:
    assert find_drift(runner, "Drift in dev", status=2) == 2
    assert runner.calls()[0] == "drift --env prod"
    assert "issue create --repo example/fraud-pipeline --title Drift in prod" in runner.calls()[-1]
    assert "a queue differs" in runner.text("summary.md")


def test_known_drift_updates_its_issue(runner: Runner) -> None:
    assert find_drift(runner, "Drift in dev", "Drift in prod", status=2) == 2
    assert runner.calls()[-1].startswith("issue edit 2 ")


def test_resolved_drift_closes_its_issue(runner: Runner) -> None:
    assert find_drift(runner, "Drift in prod", status=0) == 0
    assert runner.calls()[-1].startswith("issue close 1 ")


def test_no_issue_is_changed_without_drift(runner: Runner) -> None:
    assert find_drift(runner, status=0) == 0
    assert runner.calls()[-1].startswith("issue list ")


def test_failed_drift_check_fails_the_job_and_keeps_the_issue(runner: Runner) -> None:
    assert find_drift(runner, "Drift in prod", status=1) == 1
    assert runner.calls()[-1].startswith("issue list ")


FIVE_LAYERS = {
    "foundation": [],
    "data": ["foundation"],
    "processing": ["foundation", "data"],
    "edge": ["foundation", "data"],
    "reports": ["edge"],
}


def make_waves(runner: Runner, depends_on: Mapping[str, list[str]], **affected: bool) -> Any:
    entries = [
        {"name": name, "depends_on": upstream, "affected": affected.get(name)}
        for name, upstream in depends_on.items()
    ]
    runner.add_command("inv", f"[[ $* == *--json ]] || exit 0\n{print_layers({'layers': entries})}")
    made = runner.start("waves", "dev", "1a2b3c4" if affected else "", variables={})
    return json.loads(made.stdout) if made.returncode == 0 else None


def test_layer_is_in_a_later_wave_than_all_that_it_reads(runner: Runner) -> None:
    assert make_waves(runner, FIVE_LAYERS) == [["foundation"], ["data"], ["processing", "edge"], ["reports"]]
    assert runner.calls() == ["layers --env dev", "layers --env dev --json"]


def test_waves_hold_changed_layers_only_and_none_is_empty(runner: Runner) -> None:
    changed = {name: name in ("foundation", "reports") for name in FIVE_LAYERS}
    assert make_waves(runner, FIVE_LAYERS, **changed) == [["foundation"], ["reports"]]
    assert runner.calls()[-1] == "layers --env dev --since 1a2b3c4 --json"


def test_no_wave_is_made_when_nothing_changed(runner: Runner) -> None:
    assert make_waves(runner, FIVE_LAYERS, **dict.fromkeys(FIVE_LAYERS, False)) == []


def test_waves_without_a_job_fail_the_run(runner: Runner) -> None:
    chain = {f"layer-{number}": [f"layer-{number - 1}"] if number else [] for number in range(7)}
    assert make_waves(runner, chain) is None
