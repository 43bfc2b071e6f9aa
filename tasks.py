"""The tasks, by group: `invoke` shows them so, `invoke --list` by name, `invoke --help TASK` explains one."""

from typing import Any

from invoke.collection import Collection
from invoke.context import Context
from rich.text import Text

from cli import accounts, deployment, development, inspection, pipeline, repair, review
from cli.models import model_tasks
from cli.rules import rule_tasks
from cli.task import task
from terminal.output import console

GROUPS: dict[str, Collection | tuple[Any, ...]] = {
    "Change layers": (
        deployment.deploy,
        deployment.preview,
        deployment.destroy,
        deployment.rollback,
        deployment.recover,
    ),
    "Look at them": (
        inspection.status,
        inspection.history,
        inspection.drift,
        inspection.outputs,
        inspection.graph,
        inspection.layers,
        inspection.shell_variables,
    ),
    "Use the pipeline": (pipeline.demo, pipeline.send, pipeline.label, pipeline.alerts, pipeline.logs),
    "Operate the pipeline": (repair.health, repair.redrive, repair.replay),
    "Look into decisions": (review.explain, review.snooze, review.snoozes),
    "Block and allow lists": Collection("lists", review.add, review.remove, review.show),
    "Candidates": Collection("shadow", review.report),
    "Rules of detection": Collection("rules", rule_tasks.check, rule_tasks.try_, rule_tasks.list_),
    "Detection": (model_tasks.simulate, model_tasks.train, model_tasks.backtest),
    "Prepare an account": (accounts.bootstrap,),
    "Keep states": Collection("state", accounts.backups, accounts.restore),
    "Embedded AWS": Collection("local", pipeline.up, pipeline.down, pipeline.reset),
    "Change this repository": (
        development.run_tests,
        development.check,
        development.bench,
        development.lock,
    ),
    "Workflows": Collection("ci", accounts.write),
}


@task(default=True)
def groups(_: Context) -> None:
    """Show the tasks by what they are for."""
    for title, group in GROUPS.items():
        console.print(Text(title, style="bold"))
        prefix = f"{group.name}." if isinstance(group, Collection) else ""
        for one in group.tasks.values() if isinstance(group, Collection) else group:
            help_line = (one.__doc__ or "").splitlines()[0]
            console.print(Text.assemble("  ", (f"{prefix + one.name:<16}", "cyan"), help_line))
    console.print("Explained: invoke --help TASK")


namespace = Collection(groups)
for of_group in GROUPS.values():
    if isinstance(of_group, Collection):
        namespace.add_collection(of_group)
    else:
        for of_task in of_group:
            namespace.add_task(of_task)
