"""An environment in an empty account: the tasks that its teams run, on an embedded AWS."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from local.plugin.install import install_provider
from orchestration.layers import LAYERS
from tests.scratch import ScratchClone

EXAMPLE_ACCOUNT = "333333333333"
ACCOUNT = "000000000000"
ENV = ("--env", "prod")
EDGE = (*ENV, "--layer", "edge")


@dataclass(frozen=True)
class Prod:
    """The deployed environment, its clone, and the output of the tasks before the first deployment."""

    team: ScratchClone
    preview: str
    refused_dirty: str
    refused_unpushed: str

    def push(self, subject: str) -> None:
        """Commit everything, and push it."""
        self.team.commit(subject)
        self.team.git.run("push", "--quiet", "origin", "HEAD:refs/heads/main")

    def history(self, layer: str) -> list[dict[str, str]]:
        return list(json.loads(self.team.run_task("history", *ENV, "--layer", layer, "--json").stdout))


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An embedded AWS, because names of resources do not contain the environment."""
    with embedded_aws(tmp_path_factory.mktemp("account") / ".local") as running:
        yield running


@pytest.fixture(scope="module")
def prod(account: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Prod:
    """Bootstrap and deploy `prod` of a clone in that account."""
    folder = tmp_path_factory.mktemp("team")
    install_provider(folder / "pulumi-home")
    variables = {
        **account.endpoint.environment(),
        "PULUMI_HOME": str(folder / "pulumi-home"),
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    team = ScratchClone.create(folder / "clone", variables)
    team.git.run("init", "--quiet", "--bare", str(folder / "remote"))
    team.git.run("remote", "add", "origin", str(folder / "remote"))
    for layer in LAYERS:
        team.replace(f"stacks/{layer.name}/Pulumi.prod.yaml", EXAMPLE_ACCOUNT, ACCOUNT)
    # The embedded AWS has no X-Ray.
    team.replace("stacks/edge/Pulumi.prod.yaml", "config:", "config:\n  fraud-edge:traceSampling: false")
    team.run_task("bootstrap", *ENV, "--yes")
    preview = team.run_task("preview", *ENV).stdout
    refused_dirty = team.run_failing_task("deploy", *ENV, "--yes")
    team.commit("our account")
    refused_unpushed = team.run_failing_task("deploy", *ENV, "--yes")
    environment = Prod(team, preview, refused_dirty, refused_unpushed)
    environment.push("without changes")
    team.run_task("deploy", *ENV, "--yes")
    return environment


def test_empty_environment_can_be_previewed_with_placeholders(prod: Prod) -> None:
    assert "data, foundation" in prod.preview
    for layer in LAYERS:
        assert f"  {layer.name}  " in prod.preview
    assert "create  transactions (aws:dynamodb/table:Table)" in prod.preview


def test_tree_that_is_not_committed_or_not_pushed_is_refused(prod: Prod) -> None:
    assert "uncommitted" in prod.refused_dirty
    assert "--override" in prod.refused_dirty
    assert "no remote branch" in prod.refused_unpushed


def test_account_contains_no_placeholder(prod: Prod, account: EmbeddedAws) -> None:
    outputs = json.loads(prod.team.run_task("outputs", *ENV, "--json").stdout)
    assert set(outputs) == {layer.name for layer in LAYERS}
    assert "PLACEHOLDER" not in json.dumps(outputs)
    functions = account.client("lambda").list_functions()["Functions"]
    assert "PLACEHOLDER" not in json.dumps(functions, default=str)


def test_second_bootstrap_changes_nothing(prod: Prod) -> None:
    entries = json.loads(prod.team.run_task("bootstrap", *ENV, "--json").stdout)
    assert {entry["result"] for entry in entries} == {"unchanged"}


def test_history_has_the_user_and_the_commit(prod: Prod) -> None:
    newest = prod.history("foundation")[-1]
    assert "Ann" in newest["by"]
    assert newest["commit"]
    assert newest["message"] == "deploy foundation"


def test_unchanged_layers_are_not_deployed(prod: Prod) -> None:
    process = prod.team.run_task("deploy", *ENV, "--changed", "--yes", "--json")
    assert json.loads(process.stdout) == []
    assert "edge: skip" in process.stderr


def test_plain_preview_has_no_changes(prod: Prod) -> None:
    prod.team.plain_pulumi("preview", "-C", "stacks/edge", "-s", "prod", "--expect-no-changes", env="prod")


def test_credentials_of_another_account_are_refused(prod: Prod) -> None:
    error = prod.team.run_failing_task("deploy", "--env", "dev", "--yes")
    assert ACCOUNT in error
    assert "111111111111" in error


def test_consumers_of_a_changed_output_are_stale_until_they_are_deployed(prod: Prod) -> None:
    prod.team.replace("stacks/data/Pulumi.prod.yaml", "retentionDays: 90", "retentionDays: 60")
    prod.push("keep less")
    first = prod.team.run_task("deploy", *ENV, "--changed", "--yes").stderr
    assert "data: deploy, changed since" in first
    assert "stacks/data/Pulumi.prod.yaml" in first
    assert "edge: skip" in first
    assert "edge is stale: data.retention_days" in first
    prod.team.replace("README.md", "#", "# ")
    override = ("--override", "an emergency")
    second = prod.team.run_task("deploy", *ENV, "--changed", *override, "--yes").stderr
    prod.team.git.run("checkout", "--quiet", "--", ".")
    assert "data: skip" in second
    assert "edge: deploy, upstream outputs changed: data.retention_days" in second
    assert prod.history("edge")[0]["override"] == "dirty: an emergency"


def test_saved_plan_is_applied_and_refused_after_a_change_of_the_state(prod: Prod) -> None:
    plan = str(prod.team.root.parent / "saved")
    prod.team.replace("stacks/edge/Pulumi.prod.yaml", "config:", "config:\n  fraud-edge:throttleBurst: 90")
    prod.push("smaller bursts")
    prod.team.run_task("deploy", *EDGE, "--plan", plan)
    process = prod.team.run_task("deploy", *ENV, "--from-plan", plan, "--yes")
    assert "post-transactions (aws:apigateway/methodSettings:MethodSettings)" in process.stdout
    assert "the state of edge" in prod.team.run_failing_task("deploy", *ENV, "--from-plan", plan, "--yes")


def test_destroy_deletes_functions_then_interfaces_then_roles(prod: Prod, account: EmbeddedAws) -> None:
    functions, roles, ec2 = account.client("lambda"), account.client("iam"), account.client("ec2")
    foundation = json.loads(prod.team.run_task("outputs", *ENV, "--json").stdout)["foundation"]
    # Lambda keeps such interfaces for a while, but the embedded AWS does not.
    interface = ec2.create_network_interface(
        SubnetId=foundation["private_subnet_ids"][0],
        Groups=[foundation["function_security_group_id"]],
        Description="AWS Lambda VPC ENI-fraud-api-1",
    )["NetworkInterface"]["NetworkInterfaceId"]
    process = prod.team.run_task("destroy", *EDGE, "--confirm", "prod")
    assert interface in process.stderr or "interface" in process.stderr
    names = {function["FunctionName"] for function in functions.list_functions()["Functions"]}
    assert not any("api" in name or "labels" in name for name in names)
    assert prod.history("edge")[0]["message"].startswith("destroy edge")
    assert prod.history("edge")[1]["message"].startswith("destroy functions of edge")
    assert interface in str(ec2.describe_network_interfaces())
    assert "api" not in str([role["RoleName"] for role in roles.list_roles()["Roles"]]).replace("deploy", "")
    prod.team.run_task("destroy", *EDGE, "--confirm", "prod")
