"""Putting the engine of an environment together: the CLI, the AWS it talks to, and who shows its progress."""

from collections.abc import Iterable, Mapping

from orchestration import local_aws
from orchestration.environments import Environment, account_of
from orchestration.layers import Layer, check_layer_files, settings_model
from orchestration.planning import preflight
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.engine import Engine, OnEvent, ignore_event
from orchestration.pulumi.variables import inherited_variables
from shared.configuration import SettingsError, validate_file
from terminal.errors import UserError


def check_settings(environment: Environment, layers: Iterable[Layer]) -> None:
    """A `UserError` for the first setting that is not allowed, before anything else is done."""
    for layer in layers:
        try:
            validate_file(settings_model(layer), environment.name, environment.root)
        except SettingsError as error:
            raise UserError(f"{error}.") from error


def check_files(environment: Environment, layers: Iterable[Layer]) -> None:
    """A `UserError` for the first file named by a setting that cannot be used, such as rules or a model.

    A layer's program would refuse it, too, but only after the layers before it have been deployed.
    """
    for layer in layers:
        settings = validate_file(settings_model(layer), environment.name, environment.root)
        try:
            check_layer_files(layer, settings, environment.stack_folder(layer.name))
        except ValueError as error:
            raise UserError(f"stacks/{layer.name}: {' '.join(str(error).split())}.") from error


def check_guards(environment: Environment, tree: preflight.Tree | None = None, *, override: str = "") -> str:
    """Refuse the wrong AWS account, and a `tree` that others cannot see; returns what `override` excuses.

    Nothing is refused for `local`.
    """
    if environment.is_local:
        return ""
    account = account_of(environment)
    preflight.check_account(environment, account.id, lambda: preflight.account_of_caller(account.region))
    return preflight.check_tree(environment, tree, override=override) if tree else ""


def open_engine(
    environment: Environment,
    *,
    changing: bool = False,
    port: int | None = None,
    on_event: OnEvent = ignore_event,
) -> Engine:
    """The engine, ready to act: the embedded AWS runs if the environment is `local`.

    `changing` says that resources may change; `port` is where the embedded AWS starts, if it does.
    """
    cli = pulumi_cli.find()
    aws = local_aws.prepare(environment, changing=changing, port=port)
    return _engine(environment, cli, aws, on_event)


def is_untouched(environment: Environment) -> bool:
    """Whether nothing was ever deployed, as far as can be told without the CLI."""
    return environment.is_local and not (environment.state_folder / "pulumi").is_dir()


def reading_engine(environment: Environment) -> Engine:
    """The engine for reading the stacks' state only: no AWS is needed for that."""
    if is_untouched(environment):
        raise UserError("Nothing is deployed in 'local'.", "Deploy it first: invoke deploy")
    return _engine(environment, pulumi_cli.find(quiet=True), {}, ignore_event)


def resuming_engine(environment: Environment) -> Engine:
    """The engine that can look at AWS but leaves everything as it is, in `local` what was cut off, too."""
    cli = pulumi_cli.find(quiet=True)
    aws = local_aws.resume(environment) if environment.is_local else {}
    return _engine(environment, cli, aws, ignore_event)


def _engine(
    environment: Environment, cli: pulumi_cli.Cli, aws: Mapping[str, str], on_event: OnEvent
) -> Engine:
    command = ControlledCommand(cli.path, cli.version, inherited_variables(environment))
    return Engine(environment, command, aws=aws, on_event=on_event)
