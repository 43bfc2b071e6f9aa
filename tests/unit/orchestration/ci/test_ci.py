import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration import ci
from orchestration.ci.actions import VERSIONS
from orchestration.environments import CLOUD, ROOT
from orchestration.layers import LAYERS, Layer

REPORTS = Layer("reports", "fraud-reports", ("data",), "analysts", ("digest",))
TEXTS = {path.name: text for path, text in ci.files().items() if path.suffix == ".yml"}
# BaseLoader takes the word `on` for what it says.
WORKFLOWS: Mapping[str, Any] = {name: yaml.load(text, yaml.BaseLoader) for name, text in TEXTS.items()}  # noqa: S506
JOBS = [(f"{file}: {name}", job) for file, flow in WORKFLOWS.items() for name, job in flow["jobs"].items()]
each_job = pytest.mark.parametrize("job", [job for _, job in JOBS], ids=[name for name, _ in JOBS])


def steps() -> Iterator[Mapping[str, Any]]:
    for _, job in JOBS:
        yield from job.get("steps", [])


def with_reports(name: str) -> Any:
    return yaml.safe_load(ci.files((*LAYERS, REPORTS))[ci.WORKFLOWS / name])


def test_the_committed_files_are_those_of_the_list_of_layers() -> None:
    assert [str(path) for path in ci.stale()] == [], "bring them up to date: invoke ci.write"


def test_no_workflow_is_left_over_from_an_earlier_list() -> None:
    committed = {path.name for path in (ROOT / ci.WORKFLOWS).iterdir()}
    assert committed == set(WORKFLOWS)


def test_files_that_are_out_of_date_are_written_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ci.write(tmp_path)
    (tmp_path / "CODEOWNERS").write_text("* @example/nobody\n")
    capsys.readouterr()
    ci.write(tmp_path)
    assert capsys.readouterr().err == "CODEOWNERS is made anew.\n"
    assert ci.stale(tmp_path) == ()


@each_job
def test_a_job_says_what_it_may_do_and_how_long_it_may_take(job: Mapping[str, Any]) -> None:
    assert set(job["permissions"].values() if job["permissions"] else ()) <= {"read", "write"}
    assert "uses" in job or int(job["timeout-minutes"]) <= 60


@each_job
def test_a_job_may_write_only_what_it_is_for(job: Mapping[str, Any]) -> None:
    writable = {name for name, access in (job["permissions"] or {}).items() if access == "write"}
    assert writable <= {"id-token", "pull-requests", "issues"}
    assert len(writable - {"id-token"}) <= 1


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=list(WORKFLOWS))
def test_a_workflow_gives_its_jobs_nothing_and_never_trusts_a_fork(workflow: Mapping[str, Any]) -> None:
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in workflow["on"]
    assert "workflow_run" not in workflow["on"]


@each_job
def test_what_a_job_needs_is_there(job: Mapping[str, Any]) -> None:
    [siblings] = [flow["jobs"] for flow in WORKFLOWS.values() if job in flow["jobs"].values()]
    needed = set(job.get("needs", ()))
    assert needed <= set(siblings)
    assert set(re.findall(r"needs\.([\w-]+)\.", str(job))) <= needed


@each_job
def test_a_step_reads_the_outputs_of_earlier_steps_only(job: Mapping[str, Any]) -> None:
    known: set[str] = set()
    for step in job.get("steps", ()):
        assert set(re.findall(r"steps\.([\w-]+)\.outputs", str(step))) <= known
        known |= {step["id"]} if "id" in step else set()


def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it() -> None:
    used = [line for text in TEXTS.values() for line in text.splitlines() if "uses: " in line]
    pinned = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
    own = re.compile(r"uses: \./\.github/workflows/([\w-]+\.yml)$")
    assert [line for line in used if not pinned.search(line) and not own.search(line)] == []
    assert {found[1] for line in used if (found := own.search(line))} <= set(WORKFLOWS)


def test_every_pinned_version_is_used() -> None:
    assert {step["uses"].split("@")[0] for step in steps() if "uses" in step} == set(VERSIONS)


def test_nothing_is_put_into_a_script_but_through_its_environment() -> None:
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_the_token_does_not_stay_in_the_clone() -> None:
    checkouts = [step for step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) >= 9
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


def test_only_the_repositorys_own_scripts_are_run() -> None:
    called = {name for step in steps() for name in re.findall(r"\.github/scripts/\w+", step.get("run", ""))}
    assert called == {str(path.relative_to(ROOT)) for path in (ROOT / ".github/scripts").iterdir()}


def test_no_account_is_named_in_a_workflow() -> None:
    assert [name for name, text in TEXTS.items() if re.search(r"\d{12}|arn:", text.split("jobs:")[1])] == []


def test_a_preview_is_made_when_a_layer_is_touched_and_for_own_branches_only() -> None:
    preview = with_reports("preview.yml")
    paths = preview[True]["pull_request"]["paths"]
    assert {"stacks/reports/**", "functions/digest/**", "stacks/data/**", "shared/**"} <= set(paths)
    assert paths.index("!stacks/reports/README.md") > paths.index("shared/**")
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    for name, job in preview["jobs"].items():
        assert (own in job["if"]) == (name != "fork")
    assert preview["jobs"]["fork"]["permissions"] == {}


def test_a_layer_is_deployed_after_all_that_are_behind_it() -> None:
    jobs = with_reports("deploy-environment.yml")["jobs"]
    needs = {name: job.get("needs", []) for name, job in jobs.items()}
    assert (
        needs.items()
        >= {
            "foundation": [],
            "data": ["foundation"],
            "processing": ["foundation", "data"],
            "edge": ["foundation", "data"],
            "reports": ["foundation", "data"],
        }.items()
    )


def test_a_layer_whose_upstream_was_left_out_is_deployed_but_not_one_whose_upstream_failed() -> None:
    for name, job in WORKFLOWS["deploy-environment.yml"]["jobs"].items():
        assert f"contains(fromJSON(inputs.layers), '{name}')" in job["if"]
        for result in ("failure", "cancelled") if "needs" in job else ():
            assert f"!contains(needs.*.result, '{result}')" in job["if"]
            assert "!cancelled()" in job["if"]


def test_a_layer_is_deployed_and_rolled_back_with_the_same_approval_and_not_at_once() -> None:
    jobs = [
        *WORKFLOWS["deploy-environment.yml"]["jobs"].items(),
        ("${{ inputs.layer }}", WORKFLOWS["rollback.yml"]["jobs"]["rollback"]),
    ]
    for layer, job in jobs:
        place = f"${{{{ inputs.environment }}}}-{layer}"
        assert job["environment"] == place
        assert job["concurrency"] == {"group": place, "cancel-in-progress": "false"}


def test_environments_come_one_after_the_other_each_with_its_own_layers() -> None:
    jobs = WORKFLOWS["deploy.yml"]["jobs"]
    for number, name in enumerate(CLOUD):
        assert jobs[name]["needs"] == ["check", "changes", *CLOUD[:number]]
        assert jobs[name]["with"]["environment"] == name
        assert f"needs.changes.outputs.{name} != '[]'" in jobs[name]["if"]
        assert jobs[name]["with"]["layers"] == f"${{{{ needs.changes.outputs.{name} }}}}"


def test_any_layer_can_be_rolled_back_in_any_account() -> None:
    inputs = with_reports("rollback.yml")[True]["workflow_dispatch"]["inputs"]
    assert inputs["environment"]["options"] == list(CLOUD)
    assert set(inputs["layer"]["options"]) == {*(layer.name for layer in LAYERS), "reports"}


def test_a_new_layer_and_its_functions_are_its_owners() -> None:
    owners = ci.files((*LAYERS, REPORTS))[Path("CODEOWNERS")]
    assert re.search(r"^/stacks/reports/ +@example/analysts$", owners, re.MULTILINE)
    assert re.search(r"^/functions/digest/ +@example/analysts$", owners, re.MULTILINE)


def test_the_last_word_about_the_rules_has_whoever_writes_them() -> None:
    last = (ROOT / "CODEOWNERS").read_text().splitlines()[-1]
    assert last.split() == [
        "/stacks/processing/rules.yaml",
        "@example/fraud-analysts",
        "@example/fraud-engineering",
    ]


def test_whatever_has_an_owner_is_there() -> None:
    paths = [line.split()[0] for line in (ROOT / "CODEOWNERS").read_text().splitlines() if line[0] == "/"]
    assert [path for path in paths if not (ROOT / path[1:]).exists()] == []
