"""The tasks, by group: `invoke` shows them so, `invoke --list` by name, `invoke --help TASK` explains one."""

from typing import Any

from invoke.collection import Collection
from invoke.context import Context
from rich.text import Text

from orchestration.console import console
from orchestration.running import task
from orchestration.tasks import (
    analysts,
    deploying,
    detection,
    developing,
    embedded,
    looking,
    operating,
    preparing,
    rules,
    using,
)

GROUPS: dict[str, Collection | tuple[Any, ...]] = {
    "Change layers": (
        deploying.deploy,
        deploying.preview,
        deploying.destroy,
        deploying.rollback,
        deploying.recover,
    ),
    "Look at them": (
        looking.status,
        looking.history,
        looking.drift,
        looking.outputs,
        looking.graph,
        looking.layers,
        looking.shell_variables,
    ),
    "Use the pipeline": (using.demo, using.send, using.label, using.alerts, using.logs),
    "Operate the pipeline": (operating.health, operating.redrive, operating.replay),
    "Look into decisions": (analysts.explain, analysts.snooze, analysts.snoozes),
    "Block and allow lists": Collection("lists", analysts.add, analysts.remove, analysts.show),
    "Candidates": Collection("shadow", analysts.report),
    "Rules of detection": Collection("rules", rules.check, rules.try_, rules.list_),
    "Detection": (detection.simulate, detection.train, detection.backtest),
    "Prepare an account": (preparing.bootstrap,),
    "Keep states": Collection("state", preparing.backups, preparing.restore),
    "Embedded AWS": Collection("local", embedded.up, embedded.down, embedded.reset),
    "Change this repository": (
        developing.run_tests,
        developing.check,
        developing.bench,
        developing.lock,
    ),
    "Workflows": Collection("ci", preparing.write),
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
