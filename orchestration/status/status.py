"""Status of the layers of an environment: a table, and below it what needs attention."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestration.environments import Environment
from orchestration.git import shorten_commit
from orchestration.layers import LAYERS, Layer
from orchestration.planning.results_view import print_failures
from orchestration.planning.scheduler import LayerResult, run_in_dependency_order
from orchestration.pulumi.engine import Engine
from orchestration.state.locks import Locks
from orchestration.status import embedded_aws, history
from orchestration.status.embedded_aws import EmulatorCondition
from orchestration.status.history import Update
from orchestration.status.layer_status import CommitDistances, LayerStatus, StackSnapshot
from orchestration.status.mail import MailCheck, check_mail
from terminal.command_line import command_line
from terminal.errors import UserError
from terminal.output import console, print_json
from terminal.progress import show_activity
from terminal.tables import fit_table

NONE = "·"
UNKNOWN = "?"
MAX_NAME_LENGTH = 12
COLUMNS = (
    "layer", "version", "result", "age", "by", "commit", "behind", "resources", "contract", "locked by",
)  # fmt: skip
NUMBERS = ("version", "age", "behind", "resources")
# Left out on a narrow terminal, in this order.
OPTIONAL_COLUMNS = ("resources", "by", "version", "age", "commit")

CheckMail = Callable[[Environment, Sequence[Mapping[str, Any]]], MailCheck]


def show_status(
    environment: Environment,
    engine: Engine | None,
    locks: Locks | None,
    *,
    as_json: bool = False,
    all_layers: Sequence[Layer] = LAYERS,
    now: datetime | None = None,
    find_unconfirmed_mail: CheckMail = check_mail,
) -> None:
    """Print the status of each layer, and what needs attention.

    Without an engine and locks, nothing was ever deployed. Raises UserError if a layer cannot be read.
    """
    results = _read_stacks(engine, locks, all_layers)
    snapshots = {result.layer.name: result.value for result in results if result.value}
    projects = {layer.project: layer.name for layer in all_layers}
    commits = CommitDistances(environment)
    statuses = [
        LayerStatus.from_snapshots(layer, snapshots, projects, commits)
        for layer in all_layers
        if layer.name in snapshots
    ]
    condition = embedded_aws.check_emulator(environment)
    problem = condition.problem if condition else ""
    states = [snapshot.state for snapshot in snapshots.values()]
    with show_activity("Checking the addresses that receive alerts"):
        mail = MailCheck(None, problem) if problem else find_unconfirmed_mail(environment, states)
    if as_json:
        print_json(
            {
                "environment": environment.name,
                "embedded_aws": condition.name.lower() if condition else None,
                "layers": [status.as_dict() for status in statuses],
                "unconfirmed_addresses": mail.as_json(),
            }
        )
    elif statuses:
        _print_statuses(environment, statuses, now or datetime.now(UTC))
        _print_pipeline(environment, condition, mail, any(status.deployed for status in statuses))
    if failures := print_failures(results):
        raise UserError(f"Not read: {failures}.", "Correct the errors above and run the command again.")


def _read_stacks(
    engine: Engine | None, locks: Locks | None, layers: Sequence[Layer]
) -> list[LayerResult[StackSnapshot]]:
    def read(layer: Layer) -> StackSnapshot:
        if engine is None:
            return StackSnapshot({})
        holder = locks.holder(layer) if locks else None
        return StackSnapshot(engine.export_deployment(layer), history.list_updates(engine, layer), holder)

    def interrupt() -> None:
        if engine:
            engine.interrupt()

    with show_activity("Reading the stacks"):
        return run_in_dependency_order(layers, read, waits_for=lambda _: (), interrupt=interrupt)


def _print_statuses(environment: Environment, statuses: Sequence[LayerStatus], now: datetime) -> None:
    console.print(build_table(environment, statuses, now))
    if any(status.deployed and status.deployed_from and status.deployed_from.dirty for status in statuses):
        console.print(Text("* deployed from a tree with changes that the commit lacks", "dim"))
    for status in statuses:
        for sentence, command in list_notes(environment, status):
            console.print(Text.assemble((status.layer.name, "bold"), f": {sentence} ", (command, "cyan")))


def _print_pipeline(
    environment: Environment, condition: EmulatorCondition | None, mail: MailCheck, deployed: bool
) -> None:
    if condition and condition.problem:
        if deployed:
            console.print(Text.assemble((condition.problem, "bold yellow"), " ", (condition.command, "cyan")))
        return
    for sentence in mail.sentences:
        console.print(Text(sentence, "yellow"))
    if deployed:
        health = command_line("health", env=environment.name)
        console.print(
            Text.assemble("This is the status of deployments. To check the pipeline: ", (health, "cyan"))
        )


def build_table(
    environment: Environment, statuses: Sequence[LayerStatus], now: datetime, output: Console = console
) -> Table:
    """Build a table with a row for each layer that fits the width of `output`. A dot is a normal value."""

    def build(columns: Sequence[str]) -> Table:
        table = Table(title=f"'{environment.name}'", title_justify="left", title_style="bold")
        for name in columns:
            table.add_column(name, justify="right" if name in NUMBERS else "left", no_wrap=name == "layer")
        for status in statuses:
            cells = _build_cells(status, now)
            table.add_row(*(cells[name] for name in columns))
        return table

    return fit_table(build, COLUMNS, OPTIONAL_COLUMNS, output)


def _build_cells(status: LayerStatus, now: datetime) -> dict[str, Text]:
    cells = dict.fromkeys(COLUMNS, Text(NONE))
    cells["layer"] = Text(status.layer.name)
    if status.holder:
        cells["locked by"] = Text(_shorten_name(status.holder.user or UNKNOWN), "yellow")
    update = status.update
    if update is None:
        return {**cells, "result": Text("not deployed")}
    return {
        **cells,
        "version": Text(str(update.version)),
        "result": _format_result(status, update),
        "age": Text(_format_age(now - update.started)),
        "by": Text(_shorten_name(update.message.by or UNKNOWN)),
        "commit": Text(_format_commit(status.deployed_from or update)),
        "behind": _format_distance(status),
        "resources": Text(str(status.resources)),
        "contract": _format_contract(status),
    }


def _format_result(status: LayerStatus, update: Update) -> Text:
    if not update.succeeded:
        return Text(update.result, "bold red")
    return Text(history.SUCCEEDED, "green") if status.deployed else Text("destroyed", "yellow")


def _format_commit(update: Update) -> str:
    return shorten_commit(update.commit) + ("*" if update.dirty else "") or UNKNOWN


def _format_distance(status: LayerStatus) -> Text:
    if not status.deployed:
        return Text(NONE)
    if status.distance is None:
        return Text(UNKNOWN, "yellow")
    return Text(str(status.distance.behind or NONE), "yellow" if status.distance.touching else "")


def _format_contract(status: LayerStatus) -> Text:
    if not status.deployed:
        return Text(NONE)
    if status.missing:
        return Text(f"{len(status.missing)} missing", "bold red")
    if status.stale:
        return Text(f"{len(status.stale)} stale", "yellow")
    return Text("ok", "green") if status.contract_holds else Text(UNKNOWN, "yellow")


def list_notes(environment: Environment, status: LayerStatus) -> Iterator[tuple[str, str]]:
    """Yield what needs attention as a sentence, and the command to run or an empty text."""
    layer, env = status.layer.name, environment.name
    deploy = command_line("deploy", env=env, layer=layer)
    recover = command_line("recover", env=env, layer=layer)
    if status.holder:
        yield f"locked by {status.holder}.", recover if status.holder.process_ended else ""
    if status.pending:
        yield f"interrupted while {', '.join(status.pending)}.", recover
    if status.update is None:
        yield "not deployed.", deploy
    elif not status.update.succeeded:
        last = f"; the last successful one is {status.last_good.version}" if status.last_good else ""
        yield f"update {status.update.version} {status.update.result}{last}.", deploy
    if status.deployed and status.update:
        yield from _list_commit_notes(status, status.deployed_from or status.update, deploy)
        yield from _list_contract_notes(status, env, deploy)


def _list_commit_notes(status: LayerStatus, update: Update, deploy: str) -> Iterator[tuple[str, str]]:
    distance = status.distance
    if distance is None and update.commit:
        yield f"this clone lacks commit {shorten_commit(update.commit)}.", "git fetch"
    elif distance is None:
        yield "the deployed commit is unknown.", ""
    else:
        if distance.touching:
            yield f"{distance.touching} of {distance.behind} newer commits change it.", deploy
        if distance.ahead:
            yield f"deployed with {distance.ahead} commits that this branch lacks.", "git pull"


def _list_contract_notes(status: LayerStatus, env: str, deploy: str) -> Iterator[tuple[str, str]]:
    for violation in status.missing:
        problem = (
            "is missing" if violation.actual is None else f"is {violation.actual}, not {violation.expected}"
        )
        upstream = command_line("deploy", env=env, layer=violation.producer)
        yield f"reads {violation.field} of {violation.producer}, which {problem}.", upstream
    if not status.stale_known:
        yield "refreshed since its last update, so that earlier changes of its inputs are unknown.", deploy
    if status.stale:
        fields = ", ".join(f"{changed.producer}.{changed.field}" for changed in status.stale)
        yield f"{fields} changed since its last update.", deploy


def _format_age(age: timedelta) -> str:
    """Return a duration in its largest unit."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _shorten_name(name: str) -> str:
    name = name.partition(" <")[0]
    return name if len(name) <= MAX_NAME_LENGTH else f"{name[: MAX_NAME_LENGTH - 1]}…"
