"""The tasks by group, as `invoke` shows them."""

from typing import Any

from invoke.collection import Collection
from invoke.context import Context
from rich.text import Text

from cli import (
    accounts,
    deployment,
    development,
    documents,
    inspection,
    parse_errors,
    pipeline,
    privacy_tasks,
    repair,
    review,
    tables,
)
from cli.data import data_tasks
from cli.models import model_tasks
from cli.rules import rule_tasks
from cli.security import security_tasks
from cli.task import task
from terminal.command_line import command_line
from terminal.output import accept_closed_pipe, console, print_result

accept_closed_pipe()
parse_errors.install_hints()

GROUPS: dict[str, Collection | tuple[Any, ...]] = {
    "Deploy layers": (
        deployment.deploy,
        deployment.preview,
        deployment.destroy,
        deployment.rollback,
        deployment.recover,
    ),
    "Inspect layers": (
        inspection.status,
        inspection.history,
        inspection.drift,
        inspection.outputs,
        inspection.graph,
        inspection.layers,
        inspection.cost,
        inspection.shell_variables,
    ),
    "Use the pipeline": (
        pipeline.demo,
        pipeline.send,
        pipeline.label,
        pipeline.load,
        pipeline.alerts,
        pipeline.logs,
    ),
    "Operate the pipeline": (repair.health, repair.redrive, repair.replay),
    "Review decisions": (review.explain, review.snooze, review.snoozes),
    "Personal data": Collection("privacy", privacy_tasks.export, privacy_tasks.erase, privacy_tasks.erased),
    "Block and allow lists": Collection("lists", review.add, review.remove, review.show),
    "Candidate models and rules": Collection("shadow", review.report),
    "Detection rules": Collection("rules", rule_tasks.check, rule_tasks.try_, rule_tasks.list_),
    "Files of transactions": Collection("data", data_tasks.inspect),
    "Detection models": (
        model_tasks.simulate,
        tables.export_decisions,
        model_tasks.train,
        model_tasks.backtest,
    ),
    "AWS accounts": (accounts.bootstrap,),
    "Tables": Collection("table", tables.export),
    "State backups": Collection("state", accounts.backups, accounts.restore),
    "Embedded AWS": Collection("local", pipeline.up, pipeline.down, pipeline.reset),
    "Security review": Collection(
        "security", security_tasks.controls, security_tasks.minimal, security_tasks.sbom, security_tasks.audit
    ),
    "Develop this repository": (
        development.run_tests,
        development.check,
        development.fuzz,
        development.bench,
        development.lock,
        documents.write_documents,
    ),
}


@task(default=True)
def groups(_: Context) -> None:
    """Show the tasks by group."""
    for title, group in GROUPS.items():
        console.print(Text(title, style="bold"))
        prefix = f"{group.name}." if isinstance(group, Collection) else ""
        for member in group.tasks.values() if isinstance(group, Collection) else group:
            help_line = (member.__doc__ or "").splitlines()[0]
            console.print(Text.assemble("  ", (f"{prefix + member.name:<18}", "cyan"), help_line))
    print_result(f"Show the options of a task: {command_line('--help', 'TASK')}")


namespace = Collection(groups)
for task_group in GROUPS.values():
    if isinstance(task_group, Collection):
        namespace.add_collection(task_group)
    else:
        for member_task in task_group:
            namespace.add_task(member_task)
