"""Toy stacks in a git repository, deployed from commit after commit, as people do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration import update_message
from orchestration.environments import Environment
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.pulumi.engine import Engine, OnEvent, ignore_event
from orchestration.pulumi.program_client import Host, HostedCommand
from orchestration.pulumi.variables import inherited_variables
from orchestration.rollback.revision import at_commit, program
from orchestration.rollback.rollback import Rollback, Ways
from orchestration.rollback.worktree import FOLDER
from tests import repository
from tests.engine.orchestration.toy_stacks import FIRST, SECOND, ToyStacks


@dataclass
class ToyRepository:
    """The stacks' folder as a repository; `asked` are the questions, all answered with yes."""

    stacks: ToyStacks
    git: Git
    asked: list[str] = field(default_factory=list)
    on_event: OnEvent = ignore_event

    @classmethod
    def make(cls, stacks: ToyStacks) -> "ToyRepository":
        """Nothing is committed yet."""
        git = repository.make(stacks.root)
        (stacks.root / ".gitignore").write_text(".local/\n.cache/\n")
        return cls(stacks, git)

    def deploy(
        self,
        layer: Layer = FIRST,
        *,
        settings: Mapping[str, str | bool] | None = None,
        code: str = "",
        commit: bool = True,
    ) -> str:
        """Commit the layer with these settings and, at its end, this code; deploy it; the commit's id."""
        self.stacks.configure(layer, settings or {})
        path = self.stacks.environment.stack_folder(layer.name) / "__main__.py"
        original, _, _ = path.read_text().partition("# More.\n")
        path.write_text(f"{original}# More.\n{code}\n")
        made = repository.commit(self.git, f"feat: {settings} {code}") if commit else self.git.head()
        self.stacks.engine().up(layer, message=update_message.compose(f"deploy {layer.name}", by="Ann"))
        return made

    def rollback(self, layer: Layer = FIRST, to: int = 0) -> None:
        """As `invoke rollback` does it."""
        environment = self.stacks.environment
        Rollback(
            environment,
            self.stacks.engine(),
            self.git,
            lambda layer, commit: at_commit(environment, layer, commit, self.git, self.engine_of),
            confirm=self.asked.append,
            ways=Ways(by="Bob"),
            all_layers=(FIRST, SECOND),
        ).run(layer, to)

    def engine_of(self, environment: Environment, host: Host) -> Engine:
        """An engine with the program of another tree."""
        cli = self.stacks.cli
        command = HostedCommand(cli.path, cli.version, inherited_variables(environment), host)
        return Engine(
            environment,
            command,
            on_event=self.on_event,
            all_layers=(FIRST, SECOND),
            program_of=lambda folder, _: program(folder, host),
        )

    def left_behind(self) -> list[str]:
        """What is in the scratch folder or known to git as another work tree, and locks of stacks."""
        folders = (self.git.root / FOLDER, self.git.root / ".git/worktrees")
        found = [str(path) for folder in folders for path in folder.glob("*")]
        return found + (["a lock"] if self.stacks.state.is_locked() else [])
