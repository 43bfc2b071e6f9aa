"""Rollback of one layer of the pipeline. Other layers and the data do not change."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from operations.deployed import DeployedPipeline
from operations.ingest.api_client import ApiClient
from orchestration.environments import LOCAL, Environment
from orchestration.rollback.worktree import FOLDER
from orchestration.session import EnvironmentSession
from tests.e2e.transactions import build_transaction
from tests.scratch import ScratchClone

EDGE = ("--layer", "edge")
OTHER_LAYERS = ("foundation", "data", "processing")
STATUS_CODE = "status=result.value,"
NEW_STATUS_CODE = 'status=f"safely {result.value}",'
SETTINGS = "stacks/edge/Pulumi.local.yaml"
# The reserved concurrency of `api` without the batches of the environment.
BURST = 80
NEW_BURST = 50


@dataclass
class DeployedClone:
    """A clone with two commits of `edge`, both deployed to a separate embedded AWS."""

    clone: ScratchClone
    aws: EmbeddedAws
    first: str
    second: str

    def post(self, body: dict[str, Any]) -> tuple[int, str]:
        """Post a transaction; return the HTTP status and the status in the response body."""
        client = ApiClient(
            DeployedPipeline.from_session(
                EnvironmentSession(Environment(LOCAL, self.clone.root))
            ).transactions_target()
        )
        try:
            response = client.post(json.dumps(body).encode())
        finally:
            client.close()
        return response.status, json.loads(response.body)["status"]

    def burst(self) -> int:
        """Return the throttling burst limit of the API."""
        gateway = self.aws.client("apigateway")
        [api] = gateway.get_rest_apis()["items"]
        [stage] = gateway.get_stages(restApiId=api["id"])["item"]
        return int(stage["methodSettings"]["transactions/POST"]["throttlingBurstLimit"])

    def memory_mb(self) -> int:
        """Return the memory of the API's function."""
        functions = self.aws.client("lambda").list_functions()["Functions"]
        [memory] = [
            function["MemorySize"] for function in functions if function["FunctionName"].endswith("api")
        ]
        return int(memory)

    def history(self, layer: str) -> list[dict[str, Any]]:
        return list(json.loads(self.clone.run_task("history", "--layer", layer, "--json").stdout))

    def read_other_layers(self) -> dict[str, tuple[str, int]]:
        """Return the state and the number of updates of each other layer."""
        folder = self.aws.root / "pulumi" / ".pulumi"
        return {
            name: (
                (folder / "stacks" / f"fraud-{name}" / "local.json").read_text(),
                len(list((folder / "history" / f"fraud-{name}" / "local").glob("*.history.json"))),
            )
            for name in OTHER_LAYERS
        }

    def list_leftovers(self) -> list[str]:
        folders = (self.clone.root / FOLDER, self.clone.root / ".git/worktrees")
        return [str(path) for folder in folders for path in folder.glob("*")]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedClone]:
    clone = ScratchClone.create(tmp_path_factory.mktemp("rollback") / "clone")
    with embedded_aws(clone.root / ".local") as aws:
        first = clone.git.head()
        clone.run_task("deploy")
        clone.replace("functions/api/post_transaction.py", STATUS_CODE, NEW_STATUS_CODE)
        clone.replace(SETTINGS, "config:", f"config:\n  fraud-edge:throttleBurst: {NEW_BURST}")
        second = clone.commit("feat(api): safer words")
        clone.run_task("deploy", *EDGE)
        yield DeployedClone(clone, aws, first, second)


def test_rollback_reverts_code_and_settings_of_one_layer(team: DeployedClone) -> None:
    transaction = build_transaction()
    assert team.post(transaction) == (201, "safely stored")
    assert team.burst() == NEW_BURST
    others = team.read_other_layers()

    result = json.loads(team.clone.run_task("rollback", *EDGE, "--yes", "--json").stdout)
    assert (result["from"]["commit"], result["to"]["commit"]) == (team.second, team.first)
    assert [commit["subject"] for commit in result["undone"]] == ["feat(api): safer words"]
    assert {resource["type"] for resource in result["resources"]} >= {
        "aws:lambda/function:Function",
        "aws:apigateway/methodSettings:MethodSettings",
    }
    assert team.post(build_transaction()) == (201, "stored")
    assert team.post(transaction) == (200, "replayed")
    assert team.burst() == BURST
    assert team.read_other_layers() == others
    newest = team.history("edge")[0]
    assert newest["message"] == f"rollback to 1 ({team.first[:7]})"
    assert (newest["commit"], newest["dirty"], newest["result"]) == (team.first, False, "succeeded")

    assert team.list_leftovers() == []
    assert not team.clone.git.is_dirty()


def test_update_by_the_plain_cli_can_be_rolled_back(team: DeployedClone) -> None:
    before, memory = team.history("edge")[0], team.memory_mb()
    team.clone.replace(SETTINGS, "config:", f"config:\n  fraud-edge:api: {{memoryMb: {memory * 2}}}")
    commit = team.clone.commit("feat(edge): more memory")
    team.clone.plain_pulumi("up", "-C", "stacks/edge", "-s", "local", "--yes", "--skip-preview")
    assert team.memory_mb() == memory * 2

    newest = team.history("edge")[0]
    assert (newest["version"], newest["commit"]) == (before["version"] + 1, commit)
    assert (newest["dirty"], newest["result"]) == (False, "succeeded")
    layers = json.loads(team.clone.run_task("status", "--json").stdout)["layers"]
    [edge] = [layer for layer in layers if layer["layer"] == "edge"]
    assert (edge["update"]["version"], edge["update"]["commit"]) == (newest["version"], commit)
    assert edge["contract_ok"]

    result = json.loads(team.clone.run_task("rollback", *EDGE, "--yes", "--json").stdout)
    assert (result["from"]["commit"], result["to"]["commit"]) == (commit, before["commit"])
    assert team.memory_mb() == memory
    assert team.history("edge")[0]["version"] == newest["version"] + 1
