"""Sample projects in a git repository, deployed from several commits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration import update_message
from orchestration.environments import Environment
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.pulumi.engine import Engine, EventHandler, ignore_event
from orchestration.pulumi.program_client import ProgramServer, ServedProgram, ServedProgramCommand
from orchestration.pulumi.variables import inherited_variables
from orchestration.rollback.revision import engine_at_commit
from orchestration.rollback.rollback import Rollback
from orchestration.rollback.worktree import FOLDER
from tests import repository
from tests.engine.orchestration.sample_stacks import FIRST, SampleStacks


@dataclass
class SampleRepository:
    """The repository. `questions` are all confirmed."""

    stacks: SampleStacks
    git: Git
    questions: list[str] = field(default_factory=list)
    on_event: EventHandler = ignore_event

    @classmethod
    def create(cls, stacks: SampleStacks) -> "SampleRepository":
        """Create the repository without a commit."""
        git = repository.create_repository(stacks.root)
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
        """Deploy the layer with these settings, and with `code` appended; return the ID of the commit."""
        self.stacks.configure(layer, settings or {})
        path = self.stacks.environment.stack_folder(layer.name) / "__main__.py"
        original, _, _ = path.read_text().partition("# Appended code.\n")
        path.write_text(f"{original}# Appended code.\n{code}\n")
        commit_id = (
            repository.commit_files(self.git, f"feat: {settings} {code}") if commit else self.git.head()
        )
        self.stacks.engine().up(
            layer, message=update_message.compose_message(f"deploy {layer.name}", by="Ann")
        )
        return commit_id

    def rollback(self, layer: Layer = FIRST, to: int = 0) -> None:
        """Run `invoke rollback`."""
        environment = self.stacks.environment
        Rollback(
            environment,
            self.stacks.engine(),
            self.git,
            lambda layer, commit: engine_at_commit(environment, layer, commit, self.git, self.create_engine),
            confirm=self.questions.append,
            by="Bob",
        ).run(layer, to)

    def create_engine(self, environment: Environment, host: ProgramServer) -> Engine:
        """Return an engine with the program of another tree."""
        cli = self.stacks.cli
        command = ServedProgramCommand(cli.path, cli.version, inherited_variables(environment), host)
        return Engine(
            environment,
            command,
            on_event=self.on_event,
            create_program=lambda folder, _: ServedProgram(folder, host),
        )

    def list_leftovers(self) -> list[str]:
        """Return the scratch files, work trees and locks that a rollback must remove."""
        folders = (self.git.root / FOLDER, self.git.root / ".git/worktrees")
        leftovers = [str(path) for folder in folders for path in folder.glob("*")]
        return leftovers + (["a lock"] if self.stacks.state.is_locked() else [])
