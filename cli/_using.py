"""The tasks that use a deployed pipeline, and those of the embedded AWS."""

import sys
from collections.abc import Iterable

from cli import shell
from cli._deploying import How, deploy
from operations.demo import demo as demonstration
from operations.deployed import Deployed
from operations.health.report import run_checks, show_summary
from operations.ingest import send as sending
from operations.ingest.record_kinds import LABELS
from operations.monitoring import log_tail
from operations.monitoring import mailbox_view as mail
from orchestration import engines, environments, layers, local_aws, outputs
from orchestration.environments import Environment
from terminal.errors import UserError
from terminal.output import console, print_json, say


def show_outputs(env: str, names: Iterable[str] = (), *, as_json: bool = False) -> None:
    """Print the outputs of the named layers, or of all."""
    environment = environments.find(env)
    outputs.show(environment, engines.reading_engine(environment), layers.select(names), as_json=as_json)


def print_shell_variables(env: str, *, as_json: bool) -> None:
    """Print the variables that plain `pulumi` needs."""
    # In a shell that is set up for another environment this is the way out.
    environment = environments.find(env, variables={})
    changes = shell.prepare(environment)
    if as_json:
        print_json(changes)
        return
    sys.stdout.write(shell.script(changes) + "\n")
    if console.is_terminal:
        say(f'To set up this shell: eval "$(invoke env --env {env})"')


def demo(env: str, *, count: int, rate: float, seed: int, port: int = 0) -> int:
    """Deploy what is not deployed yet, post simulated transactions, show their alerts and the health.

    The exit status is that of the demonstration: an alarm that an earlier run caused is shown and no failure.
    """
    environment = _local_only(
        env, "The demonstration posts made-up transactions and reads the mail they cause"
    )
    demonstration.check_pace(count, rate)
    deploy(environment.name, how=How(port=port))
    deployed = Deployed.in_environment(environment)
    status = demonstration.run(deployed.pipeline(), count=count, rate=rate, seed=seed)
    if status != demonstration.INTERRUPTED:
        show_summary(run_checks(deployed))
    return status


def send(env: str, file: str, *, file_format: str, concurrency: int, rejects: str, as_json: bool) -> int:
    """Post a file of transactions."""
    target = Deployed.in_environment(environments.find(env)).target()
    return sending.send(
        target, file, file_format=file_format, concurrency=concurrency, rejects=rejects, as_json=as_json
    )


def label(env: str, file: str, *, file_format: str, concurrency: int, rejects: str, as_json: bool) -> int:
    """Post a file of labels."""
    target = Deployed.in_environment(environments.find(env)).labels_target()
    return sending.send(
        target,
        file,
        LABELS,
        file_format=file_format,
        concurrency=concurrency,
        rejects=rejects,
        as_json=as_json,
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


def _local_only(env: str, why: str) -> Environment:
    environment = environments.find(env)
    if not environment.is_local:
        raise UserError(f"{why}: this task is for '{environments.LOCAL}' only.")
    return environment
