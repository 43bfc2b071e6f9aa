"""The scripts that workflows run, with stand-ins for `gh` and `./inv` that note how they are called."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.environments import ROOT

SCRIPTS = ROOT / ".github" / "scripts"
NOTE = 'printf "%s\\n" "$*" >> "$CALLS"\n'
MARKER = "<!-- fraud-pipeline: preview -->"


@dataclass(frozen=True)
class Runner:
    """A clone with those stand-ins, as a job finds it."""

    folder: Path

    def stand_in(self, name: str, script: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/bash\n{NOTE}{script}\n")
        path.chmod(0o755)

    def run(self, script: str, *arguments: str, variables: Mapping[str, str]) -> int:
        known = {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "CALLS": str(self.folder / "calls"),
            "GITHUB_REPOSITORY": "example/fraud-pipeline",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_RUN_ID": "42",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
        }
        command = ["bash", str(SCRIPTS / script), *arguments]
        return subprocess.run(
            command, cwd=self.folder, env={**known, **variables}, check=False, capture_output=True
        ).returncode

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def layers(**affected: bool) -> str:
    document = {"layers": [{"name": name, "affected": value} for name, value in affected.items()]}
    return f"if [ $1 = layers ]; then echo '{json.dumps(document)}'; exit; fi\n"


def preview(runner: Runner) -> int:
    return runner.run("preview", "preview.md", variables={"ENVIRONMENT": "dev"})


def test_the_affected_layers_are_previewed(runner: Runner) -> None:
    runner.stand_in("inv", layers(data=True, edge=True, processing=False) + "echo 'a plan'")
    assert preview(runner) == 0
    assert runner.calls() == [
        "layers --since HEAD^1 --env dev --json",
        "preview --env dev --layer data --layer edge",
    ]
    assert runner.text("preview.md") == "a plan\n"


def test_nothing_is_previewed_where_no_layer_is_affected(runner: Runner) -> None:
    runner.stand_in("inv", layers(data=False))
    assert preview(runner) == 0
    assert runner.text("preview.md") == "No layer is affected.\n"
    assert len(runner.calls()) == 1


def test_a_preview_that_fails_fails_the_job_and_says_so(runner: Runner) -> None:
    runner.stand_in("inv", layers(data=True) + "echo 'half a plan'; exit 3")
    assert preview(runner) == 3
    assert "half a plan\nThe preview failed (status 3)" in runner.text("preview.md")


def test_a_job_fails_where_the_layers_cannot_be_told(runner: Runner) -> None:
    runner.stand_in("inv", "exit 1")
    assert preview(runner) != 0


def comment(runner: Runner, *comments: tuple[int, str, str]) -> str:
    """What is posted, where there are these comments of (id, author, text)."""
    there = [{"id": number, "user": {"login": login}, "body": body} for number, login, body in comments]
    runner.stand_in(
        "gh",
        "to=${!#}/preview-dev\n"
        "if [ $1 = run ]; then mkdir -p $to; echo 'a plan' > $to/preview.md; exit; fi\n"
        f"if [ $2 = --paginate ]; then echo '{json.dumps(there)}'; exit; fi\n"
        'field=${!#}; cp "${field#body=@}" posted.md',
    )
    variables = {"NUMBER": "7", "ENVIRONMENTS": "dev prod"}
    assert runner.run("comment", variables=variables) == 0
    return runner.text("posted.md")


def test_the_first_comment_is_posted_with_a_part_for_each_environment(runner: Runner) -> None:
    posted = comment(runner, (1, "ann", "LGTM"))
    assert "--method POST repos/example/fraud-pipeline/issues/7/comments" in runner.calls()[-1]
    assert posted.startswith(f"{MARKER}\n")
    assert "### dev\n\n``````\na plan\n" in posted
    assert "### prod\n\n``````\nThere is no preview: see the run's log.\n" in posted


def test_a_further_comment_takes_the_place_of_the_first(runner: Runner) -> None:
    comment(runner, (1, "ann", "LGTM"), (2, "github-actions[bot]", f"{MARKER}\nold"))
    assert "--method PATCH repos/example/fraud-pipeline/issues/comments/2 " in runner.calls()[-1]


def test_a_comment_of_somebody_else_is_left_alone(runner: Runner) -> None:
    comment(runner, (1, "mallory", f"{MARKER}\nmine"), (2, "github-actions[bot]", "something else"))
    assert "--method POST" in runner.calls()[-1]


def drift(runner: Runner, *titles: str, status: int) -> int:
    issues = [{"number": number, "title": title} for number, title in enumerate(titles, start=1)]
    runner.stand_in("inv", f"echo 'a queue differs'; exit {status}")
    runner.stand_in("gh", f"if [ $2 = list ]; then echo '{json.dumps(issues)}'; fi")
    return runner.run("drift", variables={"ENVIRONMENT": "prod"})


def test_drift_fails_the_job_and_opens_an_issue(runner: Runner) -> None:
    assert drift(runner, "Drift in dev", status=2) == 2
    assert runner.calls()[0] == "drift --env prod"
    assert "issue create --repo example/fraud-pipeline --title Drift in prod" in runner.calls()[-1]
    assert "a queue differs" in runner.text("summary.md")


def test_drift_that_is_known_brings_its_issue_up_to_date(runner: Runner) -> None:
    assert drift(runner, "Drift in dev", "Drift in prod", status=2) == 2
    assert runner.calls()[-1].startswith("issue edit 2 ")


def test_drift_that_is_gone_closes_its_issue(runner: Runner) -> None:
    assert drift(runner, "Drift in prod", status=0) == 0
    assert runner.calls()[-1].startswith("issue close 1 ")


def test_without_drift_no_issue_is_touched(runner: Runner) -> None:
    assert drift(runner, status=0) == 0
    assert runner.calls()[-1].startswith("issue list ")


def test_a_look_that_fails_fails_the_job_and_leaves_the_issue_as_it_is(runner: Runner) -> None:
    assert drift(runner, "Drift in prod", status=1) == 1
    assert runner.calls()[-1].startswith("issue list ")
