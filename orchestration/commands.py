"""What each task does, from the words that the user typed to the exit status."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestration import alerts as mail
from orchestration import demo as demonstration
from orchestration import environments, layers, local_aws, messages, outputs, selection, session
from orchestration import logs as log_tail
from orchestration import send as sending
from orchestration.confirm import confirm
from orchestration.console import say
from orchestration.deploy import Deployer, Ways
from orchestration.engine import Engine
from orchestration.environments import Environment
from orchestration.errors import UserError
from orchestration.evidence import StackEvidence
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.neighbours import Neighbours
from orchestration.progress import Progress
from orchestration.saved_plans import SavedPlan
from orchestration.wiring import Deployed


@dataclass(frozen=True)
class How:
    """The options that changing tasks share, as they were typed; `override` excuses an unclean tree."""

    yes: bool = False
    typed: str = ""
    as_json: bool = False
    report: str = ""
    parallel: int = 0
    refresh: bool = True
    override: str = ""
    port: int = 0


def deploy(
    env: str,
    names: Iterable[str] = (),
    *,
    changed: bool = False,
    plan: str = "",
    from_plan: str = "",
    how: How | None = None,
) -> None:
    """Deploy the named layers, or all, or those that changed; or plan that; or do what a plan says."""
    how = how or How()
    if from_plan and (plan or changed or tuple(names)):
        raise UserError("--from-plan does what the plan says: it takes no --layer, --changed or --plan.")
    environment, chosen = _chosen(env, names)
    deployer, engine = _deployer(environment, how, changing=not plan)
    if changed:
        chosen = _changed(environment, engine, chosen)
        if not chosen:
            say(f"Nothing to deploy to '{env}'.")
            return
    if plan:
        deployer.save_plan(chosen, Path(plan))
    elif from_plan:
        deployer.deploy_saved(SavedPlan.load(Path(from_plan), environment))
    else:
        deployer.deploy(chosen)


def preview(env: str, names: Iterable[str] = (), *, how: How | None = None) -> None:
    """Show what deploying the named layers, or all, would change."""
    environment, chosen = _chosen(env, names)
    _deployer(environment, how or How(), changing=False)[0].preview(chosen)


def destroy(env: str, names: Iterable[str] = (), *, how: How | None = None) -> None:
    """Delete what the named layers, or all, hold."""
    environment, chosen = _chosen(env, names)
    _deployer(environment, how or How(), changing=True)[0].destroy(chosen)


def show_outputs(env: str, names: Iterable[str] = (), *, as_json: bool = False) -> None:
    """Print the outputs of the named layers, or of all."""
    environment = environments.find(env)
    outputs.show(environment, session.reading_engine(environment), layers.select(names), as_json=as_json)


def demo(env: str, *, count: int, rate: float, seed: int, port: int = 0) -> int:
    """Deploy what is not deployed yet, post simulated transactions and show their alerts."""
    environment = _local_only(
        env, "The demonstration posts made-up transactions and reads the mail they cause"
    )
    demonstration.check_pace(count, rate)
    deploy(environment.name, how=How(port=port))
    return demonstration.run(
        Deployed.in_environment(environment).pipeline(), count=count, rate=rate, seed=seed
    )


def send(env: str, file: str, *, file_format: str, concurrency: int, rejects: str, as_json: bool) -> int:
    """Post a file of transactions."""
    target = Deployed.in_environment(environments.find(env)).target()
    return sending.send(
        target, file, file_format=file_format, concurrency=concurrency, rejects=rejects, as_json=as_json
    )


def alerts(env: str, *, follow: bool, full: bool, as_json: bool) -> int:
    """Print the mail that subscribers received."""
    environment = _local_only(env, "In an AWS account alerts go to the subscribers' own mailboxes")
    return mail.alerts(local_aws.mailbox(environment), follow=follow, full=full, as_json=as_json)


def logs(env: str, *, function: str, since: str, follow: bool, as_json: bool) -> int:
    """Print what the functions log."""
    deployed = Deployed.in_environment(environments.find(env))
    return log_tail.logs(
        deployed.logs_client(),
        deployed.functions(),
        function=function,
        since=since,
        follow=follow,
        as_json=as_json,
    )


def local_up(port: int = 0) -> None:
    """Start the embedded AWS."""
    endpoint = local_aws.start(environments.find(environments.LOCAL), port or None)
    say(f"To use it with AWS's own tools: AWS_ENDPOINT_URL={endpoint.url} (credentials are in .local/)")


def local_down() -> None:
    """Stop the embedded AWS; what it holds is kept."""
    local_aws.stop(environments.find(environments.LOCAL))
    say("The embedded AWS is stopped.")


def local_reset() -> None:
    """Forget everything that the embedded AWS holds, and the stacks deployed to it."""
    local_aws.reset(environments.find(environments.LOCAL))
    say("The embedded AWS and the stacks in it are forgotten.")


def _chosen(env: str, names: Iterable[str]) -> tuple[Environment, tuple[Layer, ...]]:
    environment = environments.find(env)
    chosen = layers.select(names)
    session.check_settings(environment, chosen)
    return environment, chosen


def _changed(environment: Environment, engine: Engine, layers: Iterable[Layer]) -> tuple[Layer, ...]:
    evidence = StackEvidence(environment, engine, Neighbours(environment, engine))
    choices = selection.choose(layers, evidence)
    for choice in choices:
        say(choice.sentence)
    return tuple(choice.layer for choice in choices if choice.taken)


def _deployer(environment: Environment, how: How, *, changing: bool) -> tuple[Deployer, Engine]:
    git = Git(environment.root)
    excused = session.check_guards(environment, git, changing=changing, override=how.override)
    progress = Progress()
    engine = session.open_engine(
        environment, changing=changing, port=how.port or None, on_event=progress.event
    )
    by, commit = _who_and_what(environment, git)

    def message(verb: str, layer: Layer) -> str:
        return messages.compose(f"{verb} {layer.name}", by=by, override=excused)

    ways = Ways(
        as_json=how.as_json,
        report=Path(how.report) if how.report else None,
        parallel=how.parallel,
        refresh=how.refresh,
        plan_first=not environment.is_local,
        ask_name=environment.name == environments.PROD,
        commit=commit,
        message=message,
    )

    def agree(question: str, word: str) -> None:
        confirm(question, word, yes=how.yes, typed=how.typed)

    return Deployer(environment, engine, agree, ways, progress=progress), engine


def _who_and_what(environment: Environment, git: Git) -> tuple[str, str]:
    """Who deploys, and from which commit; `local` can be deployed from files that are in no repository."""
    try:
        return messages.who(git), git.described()
    except UserError:
        if environment.is_local:
            return "", ""
        raise


def _local_only(env: str, why: str) -> Environment:
    environment = environments.find(env)
    if not environment.is_local:
        raise UserError(f"{why}: this task is for '{environments.LOCAL}' only.")
    return environment
