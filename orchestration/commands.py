"""What each task does, from the words that the user typed to the exit status."""

from collections.abc import Iterable

from orchestration import alerts as mail
from orchestration import demo as demonstration
from orchestration import environments, layers, local_aws, outputs, session
from orchestration import logs as log_tail
from orchestration import send as sending
from orchestration.confirm import confirm
from orchestration.console import say
from orchestration.deploy import Deployer
from orchestration.environments import Environment
from orchestration.errors import UserError
from orchestration.layers import Layer
from orchestration.progress import Progress
from orchestration.wiring import Deployed


def deploy(
    env: str, names: Iterable[str] = (), *, yes: bool = False, as_json: bool = False, port: int = 0
) -> None:
    """Deploy the named layers, or all."""
    environment, chosen = _chosen(env, names)
    _deployer(environment, changing=True, yes=yes, as_json=as_json, port=port).deploy(chosen)


def preview(env: str, names: Iterable[str] = (), *, as_json: bool = False) -> None:
    """Show what deploying the named layers, or all, would change."""
    environment, chosen = _chosen(env, names)
    _deployer(environment, changing=False, as_json=as_json).preview(chosen)


def destroy(env: str, names: Iterable[str] = (), *, yes: bool = False, as_json: bool = False) -> None:
    """Delete what the named layers, or all, hold."""
    environment, chosen = _chosen(env, names)
    _deployer(environment, changing=True, yes=yes, as_json=as_json).destroy(chosen)


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
    deploy(environment.name, port=port)
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


def _deployer(
    environment: Environment, *, changing: bool, yes: bool = False, as_json: bool = False, port: int = 0
) -> Deployer:
    progress = Progress()
    engine = session.open_engine(environment, changing=changing, port=port or None, on_event=progress.event)
    return Deployer(
        environment, engine, lambda question: confirm(question, yes=yes), progress=progress, as_json=as_json
    )


def _local_only(env: str, why: str) -> Environment:
    environment = environments.find(env)
    if not environment.is_local:
        raise UserError(f"{why}: this task is for '{environments.LOCAL}' only.")
    return environment
