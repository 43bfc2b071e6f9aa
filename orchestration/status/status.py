"""Showing where the layers of an environment stand: one table, and below it what asks for somebody."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from pulumi.automation import UpdateSummary
from rich.table import Table
from rich.text import Text

from orchestration.environments import Environment
from orchestration.git import short
from orchestration.layers import LAYERS, Layer
from orchestration.planning.results_view import say_failures
from orchestration.planning.scheduler import Report, in_waves
from orchestration.state.locks import Holder, Locks
from orchestration.status import embedded_aws, history, layer_status
from orchestration.status.history import Update
from orchestration.status.layer_status import Commits, Found, LayerStatus
from orchestration.status.mail import MailCheck, check_mail
from terminal.errors import UserError
from terminal.output import console, print_json

NONE = "·"
UNKNOWN = "?"
MAX_NAME = 12
COLUMNS = (
    "layer", "version", "result", "age", "by", "commit", "behind", "resources", "contract", "locked by",
)  # fmt: skip
NUMBERS = ("version", "age", "behind", "resources")


LookAtMail = Callable[[Environment, Sequence[Mapping[str, Any]]], MailCheck]


class StatusEngine(Protocol):
    """What this needs of the engine."""

    def exported(self, layer: Layer) -> dict[str, Any]: ...
    def history(self, layer: Layer) -> list[UpdateSummary]: ...
    def interrupt(self) -> None: ...


class Nothing:
    """The engine and the locks of an environment in which nothing was ever deployed."""

    def exported(self, _layer: Layer) -> dict[str, Any]:
        return {}

    def history(self, _layer: Layer) -> list[UpdateSummary]:
        return []

    def holder(self, _layer: Layer) -> Holder | None:
        return None

    def interrupt(self) -> None:
        return


def status(
    environment: Environment,
    engine: StatusEngine,
    locks: Locks,
    *,
    as_json: bool = False,
    all_layers: Sequence[Layer] = LAYERS,
    now: datetime | None = None,
    look_at_mail: LookAtMail = check_mail,
) -> None:
    """Print the state of each layer, and what needs attention. Raises UserError for an unreadable layer."""

    def look(layer: Layer) -> Found:
        return Found(engine.exported(layer), history.updates(engine, layer), locks.holder(layer))

    reports = in_waves(all_layers, look, waits_for=lambda _: (), interrupt=engine.interrupt)
    found = {report.layer.name: report.result for report in reports if report.result}
    projects = {layer.project: layer.name for layer in all_layers}
    commits = Commits(environment)
    standing = [
        layer_status.of(layer, found, projects, commits) for layer in all_layers if layer.name in found
    ]
    condition = embedded_aws.condition(environment)
    problem = condition.problem if condition else ""
    states = [result.state for result in found.values()]
    mail = MailCheck(None, problem) if problem else look_at_mail(environment, states)
    if as_json:
        print_json(
            {
                "environment": environment.name,
                "embedded_aws": condition.name.lower() if condition else None,
                "layers": [one.as_dict() for one in standing],
                "unconfirmed_addresses": mail.as_json(),
            }
        )
    elif standing:
        _print(environment, standing, now or datetime.now(UTC))
        if condition and problem and any(one.deployed for one in standing):
            console.print(Text.assemble((problem, "bold yellow"), " ", (condition.command, "cyan")))
        for sentence in mail.sentences if not problem else ():
            console.print(Text(sentence, "yellow"))
    _raise_if_failed(reports)


def _print(environment: Environment, standing: Sequence[LayerStatus], now: datetime) -> None:
    console.print(as_table(environment, standing, now))
    if any(one.deployed and one.deployed_from and one.deployed_from.dirty for one in standing):
        console.print(Text("* deployed from files that differed from that commit", "dim"))
    for one in standing:
        for sentence, command in notes(environment, one):
            console.print(Text.assemble((one.layer.name, "bold"), f": {sentence} ", (command, "cyan")))


def as_table(environment: Environment, standing: Sequence[LayerStatus], now: datetime) -> Table:
    """One row per layer, in at most 120 columns; what is as it should be is a dot."""
    table = Table(title=f"'{environment.name}'", title_justify="left", title_style="bold")
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in NUMBERS else "left")
    for one in standing:
        table.add_row(one.layer.name, *_cells(one, now))
    return table


def _cells(one: LayerStatus, now: datetime) -> Iterator[Text]:
    update = one.update
    if update is None:
        yield from (Text(text) for text in (NONE, "not there", *[NONE] * 6))
    else:
        yield Text(str(update.version))
        yield Text(*_result(one))
        yield Text(_age(now - update.started))
        yield Text(_fitting(update.message.by or UNKNOWN))
        yield Text(_commit(one.deployed_from or update))
        yield Text(*_behind(one))
        yield Text(str(one.resources))
        yield Text(*_contract(one))
    yield Text(_fitting(one.holder.user or UNKNOWN), "yellow") if one.holder else Text(NONE)


def _result(one: LayerStatus) -> tuple[str, str]:
    if one.update and not one.update.succeeded:
        return one.update.result, "bold red"
    return (history.SUCCEEDED, "green") if one.deployed else ("destroyed", "yellow")


def _commit(update: Update) -> str:
    return short(update.commit) + ("*" if update.dirty else "") or UNKNOWN


def _behind(one: LayerStatus) -> tuple[str, str]:
    if not one.deployed:
        return NONE, ""
    if one.distance is None:
        return UNKNOWN, "yellow"
    return str(one.distance.behind or NONE), "yellow" if one.distance.touching else ""


def _contract(one: LayerStatus) -> tuple[str, str]:
    if not one.deployed:
        return NONE, ""
    if one.missing:
        return f"{len(one.missing)} missing", "bold red"
    if one.stale:
        return f"{len(one.stale)} stale", "yellow"
    return ("ok", "green") if one.contract_holds else (UNKNOWN, "yellow")


def notes(environment: Environment, one: LayerStatus) -> Iterator[tuple[str, str]]:
    """What asks for somebody: a sentence, and the command to run, if there is one."""
    layer, env = one.layer.name, environment.name
    deploy = f"invoke deploy --env {env} --layer {layer}"
    if one.holder:
        gone = f"invoke recover --env {env} --layer {layer}" if one.holder.gone else ""
        yield f"{one.holder} holds the stack.", gone
    if one.pending:
        yield f"cut off while {', '.join(one.pending)}.", f"invoke recover --env {env} --layer {layer}"
    if one.update is None:
        yield "not deployed.", deploy
    elif not one.update.succeeded:
        last = f"; the last that succeeded was {one.last_good.version}" if one.last_good else ""
        yield f"update {one.update.version} {one.update.result}{last}.", deploy
    if not one.deployed or one.update is None:
        return
    if one.distance is None:
        commit = (one.deployed_from or one.update).commit
        known = f"commit {short(commit)} is not in this clone" if commit else ""
        yield f"{known or 'nobody knows which commit it was deployed from'}.", "git fetch" if known else ""
    elif one.distance.touching:
        yield f"{one.distance.touching} of {one.distance.behind} newer commits touch it.", deploy
    if one.distance and one.distance.ahead:
        yield f"deployed with {one.distance.ahead} commits that this branch does not have.", "git pull"
    for problem in one.missing:
        given = "is not there" if problem.found is None else f"is {problem.found}, not {problem.wanted}"
        upstream = f"invoke deploy --env {env} --layer {problem.producer}"
        yield f"uses {problem.field} of {problem.producer}, which {given}.", upstream
    if not one.stale_known:
        yield "refreshed since its update, so what it reads may have changed before that.", deploy
    if one.stale:
        fields = ", ".join(f"{field.producer}.{field.field}" for field in one.stale)
        yield f"deployed before {fields} changed.", deploy


def _age(age: timedelta) -> str:
    """How long ago, in its largest unit."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _fitting(name: str) -> str:
    name = name.partition(" <")[0]
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def _raise_if_failed(reports: Sequence[Report[Found]]) -> None:
    if failures := say_failures(reports):
        raise UserError(f"Not looked at: {failures}.")
