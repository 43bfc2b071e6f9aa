"""Runs every health check and shows the results as a table, as JSON or as a summary."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.table import Table
from rich.text import Text

from functions.common.runtime.clock import now_ms
from operations.deployed import DeployedPipeline
from operations.health.alarm_states import CloudWatchAlarms, EmbeddedAlarms, check_alarms, read_alarm_tables
from operations.health.check import Check, State, run_check, run_check_group, select_unhealthy
from operations.health.resource_checks import ResourceChecks, check_addresses, check_undecided
from operations.repair.transaction_reader import TransactionReader
from orchestration.layers import LAYERS, load_settings_model
from orchestration.status.subscriptions import declared_addresses, find_unconfirmed
from shared.alarms import AlarmTable
from shared.configuration import validate_file
from shared.names import Names
from terminal.command_line import command_line
from terminal.output import console, print_json
from terminal.progress import show_activity

UNHEALTHY = 2
_STYLES: dict[State, str] = {"ok": "green", "wrong": "bold red", "unknown": "yellow"}


def show_health(deployed: DeployedPipeline, *, as_json: bool = False) -> int:
    """Show every check. Returns the exit status: 0, or 2 if a check is wrong or unknown.

    Raises UserError if a layer is not deployed.
    """
    with show_activity("Checking the pipeline"):
        checks = list(run_checks(deployed))
    unhealthy = list(select_unhealthy(checks))
    if as_json:
        name = deployed.environment.name
        entries = msgspec.to_builtins(checks)
        print_json({"environment": name, "healthy": not unhealthy, "checks": entries})
    else:
        console.print(_build_table(deployed.environment.name, checks))
        for check in unhealthy:
            console.print(_format_check(check))
    return UNHEALTHY if unhealthy else 0


def show_summary(checks: Iterable[Check]) -> None:
    """Print one line if every check is ok, otherwise each check that is not."""
    results = list(checks)
    unhealthy = list(select_unhealthy(results))
    if not unhealthy:
        console.print(Text(f"Health: all {len(results)} checks are ok.", "green"))
    for check in unhealthy:
        console.print(_format_check(check))


def run_checks(deployed: DeployedPipeline) -> Iterator[Check]:
    """Yield every check: alarms, resources, transactions, mail addresses. Raises UserError."""
    environment = deployed.environment
    tables = list(read_alarm_tables(environment).values())
    settings = validate_file(load_settings_model(LAYERS[0]), environment.name, environment.root)
    scale = deployed.endpoint.delay_scale if deployed.endpoint else 1.0
    yield from run_check_group("alarms", lambda: _check_alarms(deployed, tables, scale))
    yield from ResourceChecks(deployed, Names(settings.name_suffix)).check()
    reader = TransactionReader(deployed.dynamodb_client(), deployed.transactions_table_name, now_ms)
    yield run_check("transactions", lambda: check_undecided(reader, now_ms(), scale))
    yield from run_check_group("addresses", lambda: _check_addresses(deployed))


def _check_alarms(deployed: DeployedPipeline, tables: Sequence[AlarmTable], scale: float) -> Iterator[Check]:
    cloudwatch = deployed.client("cloudwatch")
    source = EmbeddedAlarms(cloudwatch, scale) if deployed.endpoint else CloudWatchAlarms(cloudwatch)
    redeploy = command_line("deploy", env=deployed.environment.name)
    return check_alarms(source.read_states(tables), tables, redeploy=redeploy)


def _check_addresses(deployed: DeployedPipeline) -> Iterator[Check]:
    sns = deployed.client("sns")
    declared = declared_addresses(deployed.stack_states)
    return check_addresses(find_unconfirmed(lambda _: sns, declared))


def _build_table(environment: str, checks: list[Check]) -> Table:
    table = Table(
        "check", "state", "detail", title=f"'{environment}'", title_justify="left", title_style="bold"
    )
    for check in checks:
        table.add_row(Text(check.subject), Text(check.state, _STYLES[check.state]), Text(check.detail))
    return table


def _format_check(check: Check) -> Text:
    severity = f" ({check.severity})" if check.severity else ""
    runbook = f" Runbook: {check.runbook}" if check.runbook else ""
    return Text.assemble((f"{check.subject}", "bold"), f"{severity}: {check.detail.rstrip('.')}.{runbook}")
