"""The task `bootstrap`: creates the resources that an account needs before its first deployment.

It shows the differences, asks for confirmation, makes the changes and checks the result. Correct resources do
not change.
"""

import time
from collections.abc import Callable, Sequence

import boto3
from rich.table import Table

from orchestration.bootstrap.github_oidc import GithubOidcProvider
from orchestration.bootstrap.layer_stack import LayerStack
from orchestration.bootstrap.resource import Check, Pause, Resource, wait_until_consistent
from orchestration.bootstrap.state_bucket import StateBucket
from orchestration.bootstrap.state_key import StateKey
from orchestration.environments import Environment, load_account
from orchestration.layers import LAYERS, Layer
from orchestration.planning.preflight import check_account
from orchestration.pulumi import backend
from orchestration.pulumi.engine import Engine
from shared.arns import Arns
from shared.projects import FOUNDATION
from terminal.aws_errors import translate_aws_errors
from terminal.command_line import command_line
from terminal.output import console_for_question, print_json, print_message

Confirm = Callable[[str], None]


def bootstrap_account(
    environment: Environment,
    open_engine: Callable[[], Engine],
    confirm: Confirm,
    *,
    as_json: bool = False,
    layers: Sequence[Layer] = LAYERS,
    pause: Pause = time.sleep,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Prepare the account for the layers, after confirmation.

    `check` prints warnings about the account, such as insufficient quotas. Raises UserError for `local`, for
    credentials of another account, and for errors of AWS.
    """
    account = load_account(environment)
    session = boto3.Session(region_name=account.region)
    with translate_aws_errors():
        caller = session.client("sts").get_caller_identity()
        check_account(environment, account.id, lambda: caller["Account"])
        arns = Arns(caller["Arn"].split(":")[1], account.id, account.region, account.names)
        resources = _list_resources(session, environment, arns)
        engine = open_engine()
        stacks = [LayerStack(engine, environment, layer) for layer in layers]
        checks = _check_resources(resources, stacks)
        output = console_for_question(as_json=as_json)
        output.print(_build_table(checks, f"Account {account.id}, environment '{environment.name}'"))
        print_message(_describe_backend(environment))
        check()
        if not all(result.is_correct for result in checks):
            confirm(f"Create or correct these resources in the account {account.id}?")
            for resource in (*resources, *stacks):
                resource.ensure(pause)
            wait_until_consistent(lambda: _check_resources(resources, stacks), pause)
            print_message(f"The account is ready. To deploy: {command_line('deploy', env=environment.name)}")
    if as_json:
        print_json([result.as_dict() for result in checks])


def _list_resources(session: boto3.Session, environment: Environment, arns: Arns) -> list[Resource]:
    # The deploy role of foundation may take over keys without a tag `layer`. The tag prevents that.
    tags = {
        "project": "fraud-pipeline",
        "environment": environment.name,
        "layer": "bootstrap",
        "owner": FOUNDATION.owner,
    }
    key = StateKey(session.client("kms"), arns, tags)
    bucket = StateBucket(session.client("s3"), arns, key, tags)
    return [
        *([key] if backend.find_key_provider(environment) else []),
        *([bucket] if backend.find_account_state(environment) else []),
        GithubOidcProvider(session.client("iam"), arns, tags),
    ]


def _check_resources(resources: Sequence[Resource], stacks: Sequence[LayerStack]) -> list[Check]:
    checks = [resource.check() for resource in resources]
    # Without the bucket no state can be read, and without the key no state can be decrypted.
    if all(result.exists for result in checks if result.kind in (StateBucket.kind, StateKey.kind)):
        return [*checks, *(stack.check() for stack in stacks)]
    return [*checks, *(Check(stack.kind, stack.name, False) for stack in stacks)]


def _describe_backend(environment: Environment) -> str:
    url = backend.find_backend_url(environment)
    if backend.find_account_state(environment):
        return f"State: {url}"
    key = "" if backend.find_key_provider(environment) else " and no KMS key"
    return f"State: {url or 'Pulumi Cloud'}, as configured by you. Bootstrap creates no bucket{key}."


def _build_table(checks: Sequence[Check], title: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in ("", "name", "is", "wrong"):
        table.add_column(column)
    for result in checks:
        style = "green" if result.is_correct else "yellow"
        table.add_row(
            result.kind,
            result.name,
            f"[{style}]{_describe_check(result)}[/]",
            ", ".join(result.incorrect) or "·",
        )
    return table


def _describe_check(result: Check) -> str:
    if result.is_correct:
        return "correct"
    return "to be corrected" if result.exists else "to be created"
