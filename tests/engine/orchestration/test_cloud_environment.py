"""An environment in an account, from nothing: the tasks as its teams run them, on an embedded AWS."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.embedded import EmbeddedAws, embedded_aws
from local.plugin.install import install
from orchestration.layers import LAYERS
from tests.scratch import Scratch

MADE_UP = "333333333333"
ACCOUNT = "000000000000"
ENV = ("--env", "prod")
EDGE = (*ENV, "--layer", "edge")
DATA = (*ENV, "--layer", "data")


@dataclass(frozen=True)
class Prod:
    """The deployed environment, the clone that it was deployed from, and what was said on the way there."""

    team: Scratch
    preview: str
    refused_plan: str
    refused_dirty: str
    refused_unpushed: str

    def push(self, subject: str) -> None:
        """Commit everything, and push it."""
        self.team.commit(subject)
        self.team.git.run("push", "--quiet", "origin", "HEAD:refs/heads/main")

    def history(self, layer: str) -> list[dict[str, str]]:
        return list(json.loads(self.team.succeed("history", *ENV, "--layer", layer, "--json").stdout))


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An AWS of its own: names carry no environment."""
    with embedded_aws(tmp_path_factory.mktemp("account") / ".local") as running:
        yield running


@pytest.fixture(scope="module")
def prod(account: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Prod:
    """A clone whose `prod` is that account, bootstrapped and deployed."""
    folder = tmp_path_factory.mktemp("team")
    install(folder / "pulumi-home")
    variables = {
        **account.endpoint.environment(),
        "PULUMI_HOME": str(folder / "pulumi-home"),
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    team = Scratch.make(folder / "clone", variables)
    team.git.run("init", "--quiet", "--bare", str(folder / "remote"))
    team.git.run("remote", "add", "origin", str(folder / "remote"))
    for layer in LAYERS:
        team.replace(f"stacks/{layer.name}/Pulumi.prod.yaml", MADE_UP, ACCOUNT)
    team.succeed("bootstrap", *ENV, "--yes")
    preview = team.succeed("preview", *ENV).stdout
    refused_plan = team.refuse("deploy", *ENV, "--plan", str(folder / "plan"))
    refused_dirty = team.refuse("deploy", *ENV, "--yes")
    team.commit("our account")
    refused_unpushed = team.refuse("deploy", *ENV, "--yes")
    story = Prod(team, preview, refused_plan, refused_dirty, refused_unpushed)
    story.push("and nothing else")
    team.succeed("deploy", *ENV, "--yes")
    return story


def test_an_empty_environment_can_be_previewed_with_placeholders(prod: Prod) -> None:
    assert "PLACEHOLDERS stand in for the outputs of data, foundation" in prod.preview
    for layer in LAYERS:
        assert f"  {layer.name}  " in prod.preview
    assert "create  transactions (aws:dynamodb/table:Table)" in prod.preview


def test_what_placeholders_stand_in_is_not_saved_as_a_plan(prod: Prod) -> None:
    assert "No plan was saved" in prod.refused_plan


def test_a_tree_that_nobody_else_has_is_refused(prod: Prod) -> None:
    assert "not committed" in prod.refused_dirty
    assert "--override" in prod.refused_dirty
    assert "on no remote branch" in prod.refused_unpushed


def test_no_placeholder_ever_reached_the_account(prod: Prod, account: EmbeddedAws) -> None:
    outputs = json.loads(prod.team.succeed("outputs", *ENV, "--json").stdout)
    assert set(outputs) == {layer.name for layer in LAYERS}
    assert "PLACEHOLDER" not in json.dumps(outputs)
    functions = account.client("lambda").list_functions()["Functions"]
    assert "PLACEHOLDER" not in json.dumps(functions, default=str)


def test_bootstrapping_again_finds_nothing_to_do(prod: Prod) -> None:
    done = prod.team.succeed("bootstrap", *ENV)
    assert "is ready" not in done.stderr


def test_the_history_says_who_deployed_which_commit(prod: Prod) -> None:
    newest = prod.history("foundation")[-1]
    assert "Ann" in newest["by"]
    assert newest["commit"]
    assert newest["message"] == "deploy foundation"


def test_where_nothing_changed_nothing_is_deployed(prod: Prod) -> None:
    done = prod.team.succeed("deploy", *ENV, "--changed", "--yes", "--json")
    assert json.loads(done.stdout) == []
    assert "edge: left, nothing of it changed" in done.stderr


def test_a_plain_preview_shows_no_change(prod: Prod) -> None:
    prod.team.plain_pulumi("preview", "-C", "stacks/edge", "-s", "prod", "--expect-no-changes", env="prod")


def test_credentials_of_another_account_are_refused(prod: Prod) -> None:
    said = prod.team.refuse("deploy", "--env", "dev", "--yes")
    assert f"are for the AWS account {ACCOUNT}, and 'dev' is 111111111111" in said


def test_without_a_terminal_and_without_yes_nothing_is_deployed(prod: Prod) -> None:
    assert "There is no terminal to ask on. Say --yes" in prod.team.refuse("deploy", *EDGE)


def test_taking_away_an_output_that_a_deployed_layer_uses_is_refused(prod: Prod) -> None:
    program, contract = "stacks/data/__main__.py", "shared/contracts.py"
    prod.team.replace(contract, "    retention_days: pulumi.Input[int]\n", "")
    prod.team.replace(program, "        retention_days=settings.retention_days,\n", "")
    try:
        said = prod.team.refuse("deploy", *DATA, "--override", "drill", "--yes")
    finally:
        prod.team.git.run("checkout", "--quiet", "--", ".")
    assert "data would no longer give retention_days, which edge uses" in said


def test_consumers_of_a_changed_output_are_stale_until_they_are_deployed(prod: Prod) -> None:
    prod.team.replace("stacks/data/Pulumi.prod.yaml", "retentionDays: 400", "retentionDays: 365")
    prod.push("keep less")
    first = prod.team.succeed("deploy", *ENV, "--changed", "--yes").stderr
    assert "data: taken, changed since" in first
    assert "stacks/data/Pulumi.prod.yaml" in first
    assert "edge: left" in first
    assert "edge is stale: it was deployed with another value of data.retention_days." in first
    prod.team.replace("README.md", "#", "# ")
    override = ("--override", "an emergency")
    second = prod.team.succeed("deploy", *ENV, "--changed", *override, "--yes").stderr
    prod.team.git.run("checkout", "--quiet", "--", ".")
    assert "data: left" in second
    assert "edge: taken, what it reads changed: data.retention_days" in second
    assert prod.history("edge")[0]["override"] == "dirty: an emergency"


def test_a_saved_plan_is_applied_or_refused_once_something_moved(prod: Prod) -> None:
    plan = str(prod.team.root.parent / "saved")
    prod.team.replace("stacks/edge/Pulumi.prod.yaml", "config:", "config:\n  fraud-edge:throttleBurst: 90")
    prod.push("smaller bursts")
    prod.team.succeed("deploy", *EDGE, "--plan", plan)
    # That another layer is ahead of this tree is nothing to a plan without it.
    prod.push("of a later commit")
    prod.team.succeed("deploy", *DATA, "--yes")
    prod.team.git.run("reset", "--quiet", "--hard", "HEAD~1")
    done = prod.team.succeed("deploy", *ENV, "--from-plan", plan, "--yes")
    assert "post-transactions (aws:apigateway/methodSettings:MethodSettings)" in done.stdout
    assert "the state of edge changed" in prod.team.refuse("deploy", *ENV, "--from-plan", plan, "--yes")


def test_a_layer_is_destroyed_functions_first_then_interfaces_then_roles(
    prod: Prod, account: EmbeddedAws
) -> None:
    functions, roles, ec2 = account.client("lambda"), account.client("iam"), account.client("ec2")
    foundation = json.loads(prod.team.succeed("outputs", *ENV, "--json").stdout)["foundation"]
    # Lambda leaves such interfaces in an account, and the embedded AWS does not.
    interface = ec2.create_network_interface(
        SubnetId=foundation["private_subnet_ids"][0],
        Groups=[foundation["function_security_group_id"]],
        Description="AWS Lambda VPC ENI-fraud-api-1",
    )["NetworkInterface"]["NetworkInterfaceId"]
    done = prod.team.succeed("destroy", *EDGE, "--confirm", "prod")
    assert "still uses them" in done.stderr
    names = {function["FunctionName"] for function in functions.list_functions()["Functions"]}
    assert not any("api" in name or "labels" in name for name in names)
    assert prod.history("edge")[0]["message"].startswith("destroy edge")
    assert prod.history("edge")[1]["message"].startswith("destroy functions of edge")
    assert interface in str(ec2.describe_network_interfaces())
    assert "api" not in str([role["RoleName"] for role in roles.list_roles()["Roles"]]).replace("deploy", "")
    prod.team.succeed("destroy", *EDGE, "--confirm", "prod")
