"""`invoke health`: look at everything, show it, and say by the exit status whether somebody is needed."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from rich.table import Table
from rich.text import Text

from functions.common.runtime.clock import now_ms
from operations.deployed import Deployed
from operations.health.alarm_states import CloudWatchAlarms, EmbeddedAlarms, check_alarms
from operations.health.check import Check, State, guard, unhealthy
from operations.health.parts import Parts, check_addresses
from operations.health.tables import read_tables
from operations.health.undecided import check_undecided
from operations.repair.undecided import TransactionTable
from orchestration.layers import LAYERS, settings_model
from orchestration.status.subscriptions import declared_addresses, find_unconfirmed
from shared.alarms import AlarmTable
from shared.configuration import validate_file
from shared.names import Names
from terminal.output import console, print_json

UNHEALTHY = 2
_STYLES: dict[State, str] = {"ok": "green", "wrong": "bold red", "unknown": "yellow"}


def health(deployed: Deployed, *, as_json: bool = False) -> int:
    """Show the health of the pipeline. Returns 0, or 2 if anything is wrong or could not be checked.

    Raises UserError for what is not deployed.
    """
    checks = list(run_checks(deployed))
    needed = list(unhealthy(checks))
    if as_json:
        name = deployed.environment.name
        entries = [check.as_object() for check in checks]
        print_json({"environment": name, "healthy": not needed, "checks": entries})
    else:
        console.print(_table(deployed.environment.name, checks))
        for check in needed:
            console.print(_sentence(check))
    return UNHEALTHY if needed else 0


def show_summary(checks: Iterable[Check]) -> None:
    """Print one line if everything is well, otherwise each check that needs somebody."""
    every = list(checks)
    needed = list(unhealthy(every))
    if not needed:
        console.print(Text(f"Health: all {len(every)} checks are ok.", "green"))
    for check in needed:
        console.print(_sentence(check))


def run_checks(deployed: Deployed) -> Iterator[Check]:
    """Every check: parts, alarms, addresses, transactions."""
    tables = list(read_tables(deployed.environment).values())
    names = Names(_suffix(deployed))
    scale = deployed.endpoint.delay_scale if deployed.endpoint else 1.0
    yield from _check_alarms(deployed, tables, scale)
    yield from Parts(deployed, names).check()
    table = TransactionTable(deployed.dynamodb_client(), deployed.transactions_table, now_ms)
    yield guard("transactions", lambda: check_undecided(table, now_ms(), scale))
    yield from _check_addresses(deployed)


def _check_alarms(deployed: Deployed, tables: list[AlarmTable], scale: float) -> Iterator[Check]:
    cloudwatch = deployed.client("cloudwatch")
    source = EmbeddedAlarms(cloudwatch, scale) if deployed.endpoint else CloudWatchAlarms(cloudwatch)
    found: list[Check] = []

    def look() -> Check:
        redeploy = f"invoke deploy --env {deployed.environment.name}"
        *first, last = check_alarms(source.in_alarm(tables), tables, redeploy=redeploy)
        found.extend(first)
        return last

    last = guard("alarms", look)
    yield from (*found, last)


def _check_addresses(deployed: Deployed) -> Iterator[Check]:
    found: list[Check] = []

    def look() -> Check:
        with ThreadPoolExecutor() as threads:
            states = list(threads.map(deployed.engine.exported, LAYERS))
        sns = deployed.client("sns")
        *first, last = check_addresses(find_unconfirmed(lambda _: sns, declared_addresses(states)))
        found.extend(first)
        return last

    last = guard("addresses", look)
    yield from (*found, last)


def _suffix(deployed: Deployed) -> str:
    environment = deployed.environment
    model = settings_model(LAYERS[0])
    return validate_file(model, environment.name, environment.root).name_suffix


def _table(environment: str, checks: list[Check]) -> Table:
    table = Table(
        "check", "state", "detail", title=f"'{environment}'", title_justify="left", title_style="bold"
    )
    for check in checks:
        table.add_row(Text(check.subject), Text(check.state, _STYLES[check.state]), Text(check.detail))
    return table


def _sentence(check: Check) -> Text:
    severity = f" ({check.severity})" if check.severity else ""
    runbook = f" Runbook: {check.runbook}" if check.runbook else ""
    return Text.assemble((f"{check.subject}", "bold"), f"{severity}: {check.detail.rstrip('.')}.{runbook}")
