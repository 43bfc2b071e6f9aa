"""The session of a task: one environment, with its account, settings, git tree, engine and progress."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self

from orchestration import local_aws, update_message
from orchestration.environments import PROD, Environment, find_environment, load_account
from orchestration.git import Git
from orchestration.layers import Layer, check_layer_files, load_settings_model
from orchestration.planning import preflight
from orchestration.planning.network_interfaces import SLOW_DELETIONS
from orchestration.pulumi import pulumi_cli
from orchestration.pulumi.command import ControlledCommand
from orchestration.pulumi.engine import Engine, EventHandler, ignore_event
from orchestration.pulumi.progress import Progress
from orchestration.pulumi.variables import inherited_variables
from shared.configuration import SettingsError, validate_file
from shared.settings import Settings
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import print_message

if TYPE_CHECKING:
    from shared.configuration import Account


class EnvironmentSession:
    """One environment, opened once by a task and passed on. Methods raise `UserError`.

    Settings and the account are read once. `progress` shows the events of engines that it is given to.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.git = Git(environment.root)
        self.progress = Progress(slow_types={} if environment.is_local else SLOW_DELETIONS)
        self._settings: dict[str, Settings] = {}

    @classmethod
    def from_name(cls, env: str) -> Self:
        """Open the session of the environment with that name."""
        return cls(find_environment(env))

    @property
    def name(self) -> str:
        """The name of the environment."""
        return self.environment.name

    @property
    def is_local(self) -> bool:
        """True for the embedded AWS."""
        return self.environment.is_local

    @property
    def is_production(self) -> bool:
        """True if the user has to confirm a loss of data with the name of the environment."""
        return self.name == PROD

    @property
    def is_untouched(self) -> bool:
        """True for `local` before its first deployment. Does not run the CLI."""
        return self.is_local and not (self.environment.state_folder / "pulumi").is_dir()

    @cached_property
    def account(self) -> "Account":
        """The AWS account of the environment. Raises UserError for `local`."""
        return load_account(self.environment)

    @cached_property
    def user(self) -> str:
        """The user who runs the task, for the history of a stack."""
        return update_message.identify_user(self.git)

    def require_local(self, task: str) -> None:
        """Refuse an AWS account for a task that needs the embedded AWS."""
        if not self.is_local:
            raise UserError(
                f"The task '{task}' needs the embedded AWS, and '{self.name}' is an AWS account.",
                f"Run it for local: {command_line(task)}",
            )

    def settings(self, layer: Layer) -> Settings:
        """Read and validate the settings of a layer."""
        if layer.name not in self._settings:
            model = load_settings_model(layer)
            try:
                self._settings[layer.name] = validate_file(model, self.name, self.environment.root)
            except SettingsError as error:
                raise UserError(_as_lines(str(error))) from error
        return self._settings[layer.name]

    def check_settings(self, layers: Iterable[Layer]) -> None:
        """Validate the settings of layers before any other step, and report the errors of all layers."""
        lines: list[str] = []
        for layer in layers:
            try:
                model = load_settings_model(layer)
                self._settings[layer.name] = validate_file(model, self.name, self.environment.root)
            except SettingsError as error:
                lines += str(error).splitlines()
        if lines:
            # Every layer reads foundation's settings, so an error in them occurs once for each layer.
            raise UserError(_as_lines("\n".join(dict.fromkeys(lines))))

    def check_settings_files(self, layers: Iterable[Layer]) -> None:
        """Validate the files that settings name, such as rules or a model.

        A layer's program validates them as well, but only after the layers before it are deployed.
        """
        for layer in layers:
            try:
                folder = self.environment.stack_folder(layer.name)
                for note in check_layer_files(layer, self.settings(layer), folder):
                    print_message(f"{layer.name}: {note}")
            except ValueError as error:
                raise UserError(f"stacks/{layer.name}: {_as_lines(str(error))}") from error

    def check_account(self) -> None:
        """Refuse credentials of an AWS account other than the environment's. Accepts any for `local`."""
        if not self.is_local:
            account = self.account
            preflight.check_account(
                self.environment, account.id, lambda: preflight.caller_account(account.region)
            )

    def check_tree(self, override: str = "") -> str:
        """Refuse a git tree that is not committed and pushed, and return the part of `override` to record."""
        return "" if self.is_local else preflight.check_tree(self.environment, self.git, override=override)

    def open_engine(
        self, *, changing: bool = False, port: int | None = None, on_event: EventHandler = ignore_event
    ) -> Engine:
        """Open an engine for all operations. Starts the embedded AWS for `local`, on `port` if given.

        `changing` states that resources may change.
        """
        cli = pulumi_cli.find_cli()
        aws = local_aws.prepare_emulator(self.environment, changing=changing, port=port)
        return self._create_engine(cli, aws, on_event)

    def open_reading_engine(self) -> Engine:
        """Open an engine that reads the states of stacks and needs no AWS."""
        if self.is_untouched:
            raise UserError("Nothing is deployed in 'local'.", f"Deploy it: {command_line('deploy')}")
        return self._create_engine(pulumi_cli.find_cli(quiet=True), {})

    def open_resuming_engine(self) -> Engine:
        """Open an engine that accesses AWS and leaves an interrupted update of `local` as it is."""
        cli = pulumi_cli.find_cli(quiet=True)
        aws = local_aws.resume_emulator(self.environment) if self.is_local else {}
        return self._create_engine(cli, aws)

    def _create_engine(
        self, cli: pulumi_cli.PulumiCli, aws: Mapping[str, str], on_event: EventHandler = ignore_event
    ) -> Engine:
        command = ControlledCommand(cli.path, cli.version, inherited_variables(self.environment))
        return Engine(self.environment, command, aws=aws, on_event=on_event)


def _as_lines(text: str) -> str:
    """Format an error as one sentence, or as an indented list if it has several lines."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if len(lines) == 1:
        return f"{lines[0].rstrip('.')}."
    return "".join([f"{len(lines)} errors:", *(f"\n  {line.rstrip('.')}." for line in lines)])
