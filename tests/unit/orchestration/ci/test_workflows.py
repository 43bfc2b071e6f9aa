"""The committed workflows, the composite action and CODEOWNERS."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml

from orchestration.environments import ACCOUNT_ENVIRONMENTS, ROOT
from orchestration.layers import LAYERS, Layer
from orchestration.planning.layer_paths import path_patterns

GITHUB = ROOT / ".github"
OWN_BRANCH = "github.event.pull_request.head.repo.full_name == github.repository"
IN_ACCOUNT = ("deploy-layer.yml", "rollback.yml")
REPORTS = Layer("reports", "fraud-reports", ("data",), "analysts", ("digest",))

TEXTS = {path.name: path.read_text() for path in (GITHUB / "workflows").iterdir()}
ACTIONS = {path.parent.name: path.read_text() for path in GITHUB.glob("actions/*/action.yml")}


def parse(text: str) -> Any:
    # BaseLoader reads the key `on` as text. YAML 1.1 has it as a boolean.
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506


WORKFLOWS: Mapping[str, Any] = {name: parse(text) for name, text in TEXTS.items()}
JOBS = [(f"{file}: {name}", job) for file, flow in WORKFLOWS.items() for name, job in flow["jobs"].items()]
each_job = pytest.mark.parametrize("job", [job for _, job in JOBS], ids=[name for name, _ in JOBS])
WAVES = WORKFLOWS["deploy-environment.yml"]["jobs"]
OWNERS = {
    line.split()[0]: tuple(line.split()[1:])
    for line in (ROOT / "CODEOWNERS").read_text().splitlines()
    if not line.startswith("#")
}


def all_steps() -> Iterator[Mapping[str, Any]]:
    for _, job in JOBS:
        yield from job.get("steps", [])
    for text in ACTIONS.values():
        yield from parse(text)["runs"]["steps"]


def environment_job(workflow: str) -> Any:
    [job] = [job for job in WORKFLOWS[workflow]["jobs"].values() if "environment" in job]
    return job


@each_job
def test_job_declares_its_permissions_and_its_time_limit(job: Mapping[str, Any]) -> None:
    assert set(job["permissions"].values() if job["permissions"] else ()) <= {"read", "write"}
    assert "uses" in job or int(job["timeout-minutes"]) <= 60


@each_job
def test_job_may_write_at_most_one_kind_of_content(job: Mapping[str, Any]) -> None:
    writable = {name for name, access in (job["permissions"] or {}).items() if access == "write"}
    assert writable <= {"id-token", "pull-requests", "issues"}
    assert len(writable - {"id-token"}) <= 1


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=list(WORKFLOWS))
def test_workflow_grants_nothing_by_default_and_never_trusts_a_fork(workflow: Mapping[str, Any]) -> None:
    assert workflow["permissions"] == {}
    assert "pull_request_target" not in workflow["on"]
    assert "workflow_run" not in workflow["on"]


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=list(WORKFLOWS))
def test_scripts_run_in_bash_with_pipefail(workflow: Mapping[str, Any]) -> None:
    has_scripts = any("run" in step for job in workflow["jobs"].values() for step in job.get("steps", ()))
    assert not has_scripts or workflow["defaults"] == {"run": {"shell": "bash"}}


@each_job
def test_job_needs_only_existing_jobs_and_uses_only_their_results(job: Mapping[str, Any]) -> None:
    [siblings] = [flow["jobs"] for flow in WORKFLOWS.values() if job in flow["jobs"].values()]
    needed = set(job.get("needs", ()))
    assert needed <= set(siblings)
    assert set(re.findall(r"needs\.([\w-]+)\.", str(job))) <= needed


@pytest.mark.parametrize(
    "steps",
    [
        *(job.get("steps", ()) for _, job in JOBS),
        *(parse(text)["runs"]["steps"] for text in ACTIONS.values()),
    ],
    ids=[*(name for name, _ in JOBS), *ACTIONS],
)
def test_step_reads_outputs_of_earlier_steps_only(steps: list[Mapping[str, Any]]) -> None:
    earlier: set[str] = set()
    for step in steps:
        assert set(re.findall(r"steps\.([\w-]+)\.outputs", str(step))) <= earlier
        earlier |= {step["id"]} if "id" in step else set()


@each_job
def test_called_workflow_gets_exactly_its_inputs(job: Mapping[str, Any]) -> None:
    if "uses" in job:
        called = WORKFLOWS[job["uses"].rpartition("/")[2]]["on"]
        inputs = called["workflow_call"]["inputs"] if isinstance(called, dict) else {}
        assert set(job.get("with", ())) == set(inputs)


@each_job
def test_called_action_gets_its_inputs_and_a_token_for_aws(job: Mapping[str, Any]) -> None:
    for step in job.get("steps", ()):
        if step.get("uses", "").startswith("./.github/actions/"):
            inputs = parse(ACTIONS[step["uses"].rpartition("/")[2]])["inputs"]
            required = {name for name, entry in inputs.items() if entry["required"] == "true"}
            assert required <= set(step["with"]) <= set(inputs)
            assert job["permissions"]["id-token"] == "write"


def test_every_action_is_pinned_to_one_commit_with_its_version() -> None:
    lines = [line for text in (*TEXTS.values(), *ACTIONS.values()) for line in text.splitlines()]
    used = [line.strip().removeprefix("- ") for line in lines if "uses: " in line]
    pinned = re.compile(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$")
    own = re.compile(r"uses: \./\.github/(?:workflows/([\w-]+\.yml)|actions/([\w-]+))$")
    assert [line for line in used if not pinned.match(line) and not own.match(line)] == []
    pins = {match.groups() for line in used if (match := pinned.match(line))}
    assert len(pins) == len({action for action, _ in pins})
    names = [match[1] or match[2] for line in used if (match := own.match(line))]
    assert set(names) <= {*WORKFLOWS, *ACTIONS}


def test_scripts_get_values_through_their_environment_only() -> None:
    assert [step["run"] for step in all_steps() if "${{" in step.get("run", "")] == []


def test_token_does_not_remain_in_the_clone() -> None:
    checkouts = [step for step in all_steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) >= 8
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


def test_every_script_of_the_repository_is_run() -> None:
    scripts = [step.get("run", "") for step in all_steps()]
    called = {name for text in scripts for name in re.findall(r"\.github/scripts/\w+", text)}
    assert called == {str(path.relative_to(ROOT)) for path in (GITHUB / "scripts").iterdir()}


def test_no_workflow_names_an_account_or_a_layer() -> None:
    names = "|".join(layer.name for layer in LAYERS)
    forbidden = re.compile(rf"\d{{12}}|arn:|\b({names})\b")
    assert [name for name, text in {**TEXTS, **ACTIONS}.items() if forbidden.search(text)] == []


@pytest.mark.parametrize("layer", [*LAYERS, REPORTS], ids=lambda layer: layer.name)
def test_change_of_any_layer_triggers_a_preview(layer: Layer) -> None:
    filters = WORKFLOWS["preview.yml"]["on"]["pull_request"]["paths"]
    triggers = [pattern for pattern in filters if not pattern.startswith("!")]
    for pattern in path_patterns(layer):
        if not pattern.startswith("!"):
            path = pattern.replace("**", "folder/file.py")
            assert any(fnmatch(path, trigger) for trigger in triggers), path
    excluded = [pattern[1:] for pattern in filters if pattern.startswith("!")]
    assert excluded == ["stacks/*/README.md"]
    assert filters[-1] == "!stacks/*/README.md"


def test_preview_runs_for_own_branches_only() -> None:
    jobs = WORKFLOWS["preview.yml"]["jobs"]
    for name, job in jobs.items():
        assert (OWN_BRANCH in job["if"]) == (name != "fork")
    assert jobs["fork"]["permissions"] == {}


@pytest.mark.parametrize("workflow", ["preview.yml", "drift.yml"])
def test_every_account_is_previewed_and_checked_for_drift(workflow: str) -> None:
    [job] = [job for job in WORKFLOWS[workflow]["jobs"].values() if "strategy" in job]
    assert job["strategy"] == {"fail-fast": "false", "matrix": {"environment": list(ACCOUNT_ENVIRONMENTS)}}


def test_wave_waits_for_every_earlier_wave() -> None:
    names = list(WAVES)
    for number, name in enumerate(names):
        assert WAVES[name].get("needs", []) == names[:number]
        assert f"fromJSON(inputs.waves)[{number}] != null" in WAVES[name]["if"]
        assert WAVES[name]["strategy"] == {
            "fail-fast": "false",
            "matrix": {"layer": f"${{{{ fromJSON(inputs.waves)[{number}] }}}}"},
        }
        assert WAVES[name]["with"]["layer"] == "${{ matrix.layer }}"


def test_wave_does_not_start_after_a_failed_or_cancelled_one() -> None:
    for job in list(WAVES.values())[1:]:
        assert "!cancelled()" in job["if"]
        for result in ("failure", "cancelled"):
            assert f"!contains(needs.*.result, '{result}')" in job["if"]


def test_script_makes_as_many_waves_as_there_are_jobs() -> None:
    assert re.search(r"^limit=(\d+)", (GITHUB / "scripts/waves").read_text(), re.MULTILINE)[1] == str(  # type: ignore[index]
        len(WAVES)
    )


@pytest.mark.parametrize("workflow", IN_ACCOUNT)
def test_deployment_and_rollback_of_a_layer_share_approval_and_lock(workflow: str) -> None:
    job, place = environment_job(workflow), "${{ inputs.environment }}-${{ inputs.layer }}"
    assert job["environment"] == place
    assert job["concurrency"] == {"group": place, "cancel-in-progress": "false"}
    [credentials] = [step for step in job["steps"] if step.get("uses", "").startswith("./.github/actions/")]
    assert credentials["with"] == {
        "environment": "${{ inputs.environment }}",
        "layer": "${{ inputs.layer }}",
    }


def test_only_deployment_and_rollback_assume_a_deploy_role() -> None:
    for file, workflow in WORKFLOWS.items():
        for step in (step for job in workflow["jobs"].values() for step in job.get("steps", ())):
            if step.get("uses", "").startswith("./.github/actions/"):
                assert ("layer" in step["with"]) == (file in IN_ACCOUNT)


def test_environments_are_deployed_one_after_the_other_each_with_its_own_layers() -> None:
    jobs = WORKFLOWS["deploy.yml"]["jobs"]
    assert WORKFLOWS["deploy.yml"]["on"] == {"push": {"branches": ["main"]}}
    for number, name in enumerate(ACCOUNT_ENVIRONMENTS):
        assert jobs[name]["needs"] == ["check", "changes", *ACCOUNT_ENVIRONMENTS[:number]]
        assert f"needs.changes.outputs.{name} != '[]'" in jobs[name]["if"]
        for result in ("failure", "cancelled"):
            assert f"!contains(needs.*.result, '{result}')" in jobs[name]["if"]
        assert jobs[name]["with"] == {
            "environment": name,
            "waves": f"${{{{ needs.changes.outputs.{name} }}}}",
        }
    assert list(jobs["changes"]["outputs"]) == list(ACCOUNT_ENVIRONMENTS)


def test_steps_that_visit_every_environment_name_all_of_them() -> None:
    lists = [step["env"]["ENVIRONMENTS"] for step in all_steps() if "ENVIRONMENTS" in step.get("env", {})]
    assert lists
    assert set(lists) == {" ".join(ACCOUNT_ENVIRONMENTS)}


def test_rollback_takes_any_account_and_an_existing_layer_of_main() -> None:
    rollback = WORKFLOWS["rollback.yml"]
    assert rollback["on"]["workflow_dispatch"]["inputs"]["environment"]["options"] == list(
        ACCOUNT_ENVIRONMENTS
    )
    assert rollback["jobs"]["rollback"]["needs"] == ["layer"]
    # A skipped or failed need skips the rollback: it has no condition of its own.
    assert "if" not in rollback["jobs"]["rollback"]
    assert "github.ref == 'refs/heads/main'" in rollback["jobs"]["layer"]["if"]
    assert "layers --json" in rollback["jobs"]["layer"]["steps"][-1]["run"]


def test_code_of_each_layer_belongs_to_its_owner() -> None:
    for layer in LAYERS:
        folders = [f"/stacks/{layer.name}/", *(f"/functions/{name}/" for name in layer.functions)]
        for folder in folders:
            assert OWNERS.get(folder) == (f"@example/{layer.owner}",), folder


def test_codeowners_lists_no_other_stack_or_function() -> None:
    known = {f"/stacks/{layer.name}/" for layer in LAYERS}
    known |= {f"/functions/{name}/" for layer in LAYERS for name in layer.functions}
    listed = {path for path in OWNERS if re.fullmatch(r"/(stacks|functions)/[^/]+/", path)}
    assert listed == known


def test_shared_code_belongs_to_the_platform_team_and_rules_to_the_analysts() -> None:
    assert next(iter(OWNERS)) == "*"
    for path in ("*", "/.github/", "/orchestration/", "/shared/", "/local/"):
        assert OWNERS[path] == ("@example/platform",)
    path, owners = list(OWNERS.items())[-1]
    assert path == "/stacks/processing/rules.yaml"
    assert owners == ("@example/fraud-analysts", "@example/fraud-engineering")


def test_every_path_with_an_owner_exists() -> None:
    assert [path for path in OWNERS if path != "*" and not (ROOT / path[1:]).exists()] == []
