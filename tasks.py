"""The tasks: `invoke --list` names them, `invoke --help TASK` explains one. Bodies are in orchestration/."""

# Imported in the tasks: half a second of libraries that `invoke --list`, `test` and `check` do not need.
# ruff: noqa: PLC0415

from typing import Any

from invoke.collection import Collection
from invoke.context import Context

from orchestration import development
from orchestration.running import Number, Whole, task

ENV = "environment: local (the embedded AWS), dev, staging or prod"
LOCAL_ENV = "environment: only local has this"
LAYER = "only this layer; say it again for more than one"
REFRESH = "--no-refresh: take what was deployed last for what is there, without looking"
ONE_LAYER = "which layer"
YES = "do not ask before something changes"
CONFIRM = "name of the environment, where --yes is not enough: something that holds data would be lost"
OVERRIDE = "why a tree that is not committed or pushed may be used this once; kept in the history"
JSON = "JSON on standard output, for scripts"
PORT = "port of the embedded AWS if it starts now (else FRAUD_LOCAL_PORT, the last one, 4566, or a free one)"
FOLLOW = "go on until Ctrl-C"
WORKERS = "processes to run tests in (default: one for each processor, up to four)"


@task(
    help={
        "env": LOCAL_ENV,
        "count": "transactions to post",
        "rate": "transactions a second",
        "seed": "the same seed makes the same transactions",
        "port": PORT,
    }
)
def demo(
    _: Context,
    env: str = "local",
    count: int = Whole(60),
    rate: float = Number(10),
    seed: int = Whole(1),
    port: int = Whole(0),
) -> int:
    """Deploy to the embedded AWS, post simulated transactions and show their alerts."""
    from orchestration.commands import using

    return using.demo(env, count=count, rate=rate, seed=seed, port=port)


@task(
    iterable=["layer"],
    help={
        "env": ENV,
        "layer": LAYER,
        "changed": "only layers that differ from what is deployed, saying why each is taken or left",
        "plan": "folder to save the plan to, instead of deploying",
        "from_plan": "folder of a saved plan: do exactly that, or refuse if anything moved since",
        "yes": YES,
        "confirm": CONFIRM,
        "override": OVERRIDE,
        "parallel": "layers at the same time (default: as many as their order allows)",
        "refresh": REFRESH,
        "report": "file to write the table to, as JSON",
        "json": JSON,
        "port": PORT,
    },
)
def deploy(
    _: Context,
    *,
    env: str = "local",
    layer: Any = None,
    changed: bool = False,
    plan: str = "",
    from_plan: str = "",
    yes: bool = False,
    confirm: str = "",
    override: str = "",
    parallel: int = Whole(0),
    refresh: bool = True,
    report: str = "",
    json: bool = False,
    port: int = Whole(0),
) -> None:
    """Deploy all layers, or some: show the plan, ask, and act in the order of their dependencies."""
    from orchestration.commands import deploying

    how = deploying.How(yes, confirm, json, report, parallel, refresh, override, port)
    deploying.deploy(env, layer, changed=changed, plan=plan, from_plan=from_plan, how=how)


@task(iterable=["layer"], help={"env": ENV, "layer": LAYER, "json": JSON})
def preview(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> None:
    """Show what deploy would change, without changing it."""
    from orchestration.commands import deploying

    deploying.preview(env, layer, how=deploying.How(as_json=json))


@task(
    iterable=["layer"],
    help={
        "env": ENV,
        "layer": LAYER,
        "yes": YES,
        "confirm": CONFIRM,
        "override": OVERRIDE,
        "json": JSON,
    },
)
def destroy(
    _: Context,
    *,
    env: str = "local",
    layer: Any = None,
    yes: bool = False,
    confirm: str = "",
    override: str = "",
    json: bool = False,
) -> None:
    """Delete what the layers hold, in reverse order, refusing what is protected."""
    from orchestration.commands import deploying

    deploying.destroy(env, layer, how=deploying.How(yes, confirm, json, override=override))


@task(help={"env": ENV, "yes": YES, "json": JSON})
def bootstrap(_: Context, env: str, yes: bool = False, json: bool = False) -> None:
    """Prepare an AWS account once: where state is kept, and who CI is."""
    from orchestration.commands import deploying, operating

    operating.bootstrap(env, deploying.How(yes, as_json=json))


@task(help={"env": ENV, "json": JSON})
def status(_: Context, env: str = "local", json: bool = False) -> None:
    """Show where each layer stands: version, commit, contract, what is stale, who holds it."""
    from orchestration.commands import operating

    operating.status(env, as_json=json)


@task(help={"env": ENV, "layer": ONE_LAYER, "limit": "only the newest (default: all)", "json": JSON})
def history(_: Context, layer: str, env: str = "local", limit: int = Whole(0), json: bool = False) -> None:
    """Show the updates of a layer: when, by whom, from which commit, what changed."""
    from orchestration.commands import operating

    operating.show_history(env, layer, limit=limit, as_json=json)


@task(
    help={
        "env": ENV,
        "layer": ONE_LAYER,
        "to": "version to go back to, as history shows it (default: the last successful one of other code)",
        "yes": YES,
        "json": JSON,
    }
)
def rollback(
    _: Context,
    *,
    layer: str,
    env: str = "local",
    to: int = Whole(0),
    yes: bool = False,
    json: bool = False,
) -> None:
    """Bring back the code and settings of an earlier version of one layer; data stays."""
    from orchestration.commands import deploying, reverting

    reverting.rollback(env, layer, to=to, how=deploying.How(yes, as_json=json))


@task(help={"env": ENV, "layer": ONE_LAYER, "yes": YES, "json": JSON})
def recover(_: Context, *, layer: str, env: str = "local", yes: bool = False, json: bool = False) -> None:
    """Make a layer deployable again after an update of it was cut off."""
    from orchestration.commands import deploying, reverting

    reverting.recover_layer(env, layer, how=deploying.How(yes, as_json=json))


@task(iterable=["layer"], help={"env": ENV, "layer": LAYER, "json": JSON})
def drift(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> int:
    """Show what was changed outside Pulumi; exit status 2 if anything was."""
    from orchestration.commands import operating

    return operating.drift(env, layer, as_json=json)


@task(
    help={
        "format": "text, dot or svg",
        "out": "file to write to, instead of standard output",
        "json": JSON,
    }
)
def graph(_: Context, format_: str = "text", out: str = "", json: bool = False) -> None:
    """Show the layers, their contracts and what flows between them."""
    from orchestration.status import graph as drawn

    drawn.show(file_format=format_, out=out, as_json=json)


@task(
    help={
        "since": "a commit: say which layers the changes since then touch, and why",
        "env": "leave the other environments' settings out",
        "json": JSON,
    }
)
def layers(_: Context, since: str = "", env: str = "", json: bool = False) -> None:
    """List the layers in their order, with owners and dependencies."""
    from orchestration import environments
    from orchestration.status import layer_list

    layer_list.show(environments.find(env) if env else None, since=since, as_json=json)


@task(iterable=["layer"], help={"env": ENV, "layer": LAYER, "json": JSON})
def outputs(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> None:
    """Show what the deployed layers give to others, such as the API's URL."""
    from orchestration.commands import using

    using.show_outputs(env, layer, as_json=json)


@task(
    positional=["file"],
    help={
        "file": "JSON lines or CSV; - is standard input",
        "env": ENV,
        "format": "jsonl or csv (default: by the file's name or content)",
        "concurrency": "requests at the same time, up to 256",
        "rejects": "file that keeps what was refused, to be corrected and sent again",
        "json": JSON,
    },
)
def send(
    _: Context,
    *,
    file: str,
    env: str = "local",
    format_: str = "",
    concurrency: int = Whole(8),
    rejects: str = "",
    json: bool = False,
) -> int:
    """Post the transactions of a file and say what became of each."""
    from orchestration.commands import using

    return using.send(env, file, file_format=format_, concurrency=concurrency, rejects=rejects, as_json=json)


@task(help={"env": LOCAL_ENV, "follow": FOLLOW, "full": "with the text of each mail", "json": JSON})
def alerts(
    _: Context, env: str = "local", follow: bool = False, full: bool = False, json: bool = False
) -> int:
    """Show the mail that the alerts' subscribers received."""
    from orchestration.commands import using

    return using.alerts(env, follow=follow, full=full, as_json=json)


@task(
    help={
        "env": ENV,
        "function": "only this one: api, fraud or notify",
        "since": "how far back: a number and s, m, h or d",
        "follow": FOLLOW,
        "json": JSON,
    }
)
def logs(
    _: Context,
    env: str = "local",
    function: str = "",
    since: str = "10m",
    follow: bool = False,
    json: bool = False,
) -> int:
    """Show what the functions log."""
    from orchestration.commands import using

    return using.logs(env, function=function, since=since, follow=follow, as_json=json)


@task(help={"port": PORT})
def up(_: Context, port: int = Whole(0)) -> None:
    """Start the embedded AWS; deploy and demo do so by themselves."""
    from orchestration.commands import using

    using.local_up(port)


@task()
def down(_: Context) -> None:
    """Stop the embedded AWS and keep what it holds."""
    from orchestration.commands import using

    using.local_down()


@task()
def reset(_: Context) -> None:
    """Forget what the embedded AWS holds, and the stacks deployed to it."""
    from orchestration.commands import using

    using.local_reset()


@task(
    name="test",
    help={
        "k": "only tests whose names match this expression, such as C10",
        "fast": "only the tests without an engine: units and stacks",
        "workers": WORKERS,
    },
)
def run_tests(_: Context, k: str = "", fast: bool = False, workers: int = Whole(0)) -> None:
    """Run the tests."""
    development.run_tests(k, fast=fast, workers=workers)


@task(help={"workers": WORKERS})
def check(_: Context, workers: int = Whole(0)) -> None:
    """Check format, lint and types and run the tests, as CI does."""
    development.check(workers=workers)


@task(iterable=["name"], help={"name": "only this benchmark; say it again for more than one"})
def bench(_: Context, name: Any = None) -> None:
    """Run the benchmarks, each with its figure and what it is measured against."""
    development.bench(name)


@task(help={"upgrade": "take the newest versions instead of keeping what is locked"})
def lock(_: Context, upgrade: bool = False) -> None:
    """Make the hash-pinned requirements anew from their .in files."""
    development.lock(upgrade=upgrade)


@task(iterable=["layer"], help={"env": ENV, "layer": LAYER, "json": JSON})
def backups(_: Context, env: str = "local", layer: Any = None, json: bool = False) -> None:
    """List the states that were kept before changes."""
    from orchestration.commands import operating

    operating.backups(env, layer, as_json=json)


@task(help={"env": ENV, "layer": ONE_LAYER, "backup": "its id, as state.backups shows it", "yes": YES})
def restore(_: Context, layer: str, backup: str, env: str = "local", yes: bool = False) -> None:
    """Put a kept state in the place of the present one, which is kept, too."""
    from orchestration.commands import deploying, operating

    operating.restore(env, layer, backup, deploying.How(yes))


@task()
def write(_: Context) -> None:
    """Write the CI's workflows and CODEOWNERS anew from the list of layers."""
    from orchestration import ci

    ci.write()


namespace = Collection(
    demo, deploy, preview, destroy, bootstrap, status, history, rollback, recover, drift, graph, layers,
    outputs, send, alerts, logs, run_tests, check, bench, lock,
    Collection("local", up, down, reset),
    Collection("state", backups, restore),
    Collection("ci", write),
)  # fmt: skip
