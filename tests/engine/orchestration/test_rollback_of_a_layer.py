"""One layer of the real pipeline goes back and forward again, while the others and the data stay."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from operations.deployed import Deployed
from operations.ingest.api_client import ApiClient
from orchestration.environments import LOCAL, Environment
from orchestration.rollback.worktree import FOLDER
from tests.e2e.transactions import transaction
from tests.scratch import Scratch

EDGE = ("--layer", "edge")
DATA = ("--layer", "data")
OTHERS = ("foundation", "data", "processing")
ANSWER = '"status": outcome.value,'
NEW_ANSWER = '"status": f"safely {outcome.value}",'
SETTINGS = "stacks/edge/Pulumi.local.yaml"
BURST = 100
NEW_BURST = 90
EXTRA_QUEUE = """
from shared.queues import EncryptedQueue, EncryptedQueueArgs

EncryptedQueue(
    "extra", EncryptedQueueArgs(name="extra", key_arn=foundation.data_key_arn, protected=False)
)
"""


@dataclass
class Team:
    """A clone with two commits of `edge`, both deployed to an embedded AWS of its own."""

    clone: Scratch
    aws: EmbeddedAws
    first: str
    second: str

    def post(self, body: dict[str, Any]) -> tuple[int, str]:
        """The status of the answer, and the one in its body."""
        client = ApiClient(Deployed.in_environment(Environment(LOCAL, self.clone.root)).target())
        try:
            answer = client.post(json.dumps(body).encode())
        finally:
            client.close()
        return answer.status, json.loads(answer.body)["status"]

    def burst(self) -> int:
        """The limit that API Gateway has for the API."""
        gateway = self.aws.client("apigateway")
        [api] = gateway.get_rest_apis()["items"]
        [stage] = gateway.get_stages(restApiId=api["id"])["item"]
        return int(stage["methodSettings"]["transactions/POST"]["throttlingBurstLimit"])

    def memory_mb(self) -> int:
        """The memory of the function behind the API."""
        functions = self.aws.client("lambda").list_functions()["Functions"]
        [memory] = [one["MemorySize"] for one in functions if one["FunctionName"].endswith("api")]
        return int(memory)

    def history(self, layer: str) -> list[dict[str, Any]]:
        return list(json.loads(self.clone.succeed("history", "--layer", layer, "--json").stdout))

    def others(self) -> dict[str, tuple[str, int]]:
        """What the engine keeps of the other layers: their states, and how many versions they had."""
        kept = self.aws.root / "pulumi" / ".pulumi"
        return {
            name: (
                (kept / "stacks" / f"fraud-{name}" / "local.json").read_text(),
                len(list((kept / "history" / f"fraud-{name}" / "local").glob("*.history.json"))),
            )
            for name in OTHERS
        }

    def left_behind(self) -> list[str]:
        folders = (self.clone.root / FOLDER, self.clone.root / ".git/worktrees")
        return [str(path) for folder in folders for path in folder.glob("*")]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    clone = Scratch.make(tmp_path_factory.mktemp("rollback") / "clone")
    with embedded_aws(clone.root / ".local") as aws:
        first = clone.git.head()
        clone.succeed("deploy")
        clone.replace("functions/api/transactions.py", ANSWER, NEW_ANSWER)
        clone.replace(SETTINGS, "config:", f"config:\n  fraud-edge:throttleBurst: {NEW_BURST}")
        second = clone.commit("feat(api): safer words")
        clone.succeed("deploy", *EDGE)
        yield Team(clone, aws, first, second)


def test_code_and_settings_of_one_layer_go_back_and_forward_again(team: Team) -> None:
    kept = transaction()
    assert team.post(kept) == (201, "safely stored")
    assert team.burst() == NEW_BURST
    others = team.others()

    done = json.loads(team.clone.succeed("rollback", *EDGE, "--yes", "--json").stdout)
    assert (done["from"]["commit"], done["to"]["commit"]) == (team.second, team.first)
    assert [one["subject"] for one in done["undone"]] == ["feat(api): safer words"]
    assert {one["type"] for one in done["resources"]} >= {
        "aws:lambda/function:Function",
        "aws:apigateway/methodSettings:MethodSettings",
    }
    assert team.post(transaction()) == (201, "stored")
    assert team.post(kept) == (200, "replayed")
    assert team.burst() == BURST
    assert team.others() == others
    newest = team.history("edge")[0]
    assert newest["message"] == f"rollback to 1 ({team.first[:7]})"
    assert (newest["commit"], newest["dirty"], newest["result"]) == (team.first, False, "succeeded")

    team.clone.succeed("rollback", *EDGE, "--yes")
    assert team.post(transaction()) == (201, "safely stored")
    assert team.burst() == NEW_BURST
    assert [update["version"] for update in team.history("edge")] == [4, 3, 2, 1]
    assert team.left_behind() == []
    assert not team.clone.git.is_dirty()


def test_a_plain_update_is_seen_and_can_be_rolled_back(team: Team) -> None:
    before, memory = team.history("edge")[0], team.memory_mb()
    team.clone.replace(SETTINGS, "config:", f"config:\n  fraud-edge:api: {{memoryMb: {memory * 2}}}")
    commit = team.clone.commit("feat(edge): more memory")
    team.clone.plain_pulumi("up", "-C", "stacks/edge", "-s", "local", "--yes", "--skip-preview")
    assert team.memory_mb() == memory * 2

    newest = team.history("edge")[0]
    assert (newest["version"], newest["commit"]) == (before["version"] + 1, commit)
    assert (newest["dirty"], newest["result"]) == (False, "succeeded")
    layers = json.loads(team.clone.succeed("status", "--json").stdout)["layers"]
    [edge] = [layer for layer in layers if layer["layer"] == "edge"]
    assert (edge["update"]["version"], edge["update"]["commit"]) == (newest["version"], commit)
    assert edge["contract_ok"]

    done = json.loads(team.clone.succeed("rollback", *EDGE, "--yes", "--json").stdout)
    assert (done["from"]["commit"], done["to"]["commit"]) == (commit, before["commit"])
    assert team.memory_mb() == memory
    assert team.history("edge")[0]["version"] == newest["version"] + 1


def test_a_rollback_that_would_delete_a_queue_is_refused(team: Team) -> None:
    program = team.clone.root / "stacks/data/__main__.py"
    program.write_text(program.read_text() + EXTRA_QUEUE)
    team.clone.commit("feat(data): a queue more")
    team.clone.succeed("deploy", *DATA)
    said = team.clone.refuse("rollback", *DATA, "--yes")
    assert "Version 1 is not brought back." in said
    assert "extra (aws:sqs/queue:Queue) would be deleted: every message in it is lost." in said
    assert len(team.history("data")) == 2
    assert team.left_behind() == []
