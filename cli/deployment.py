"""Tasks that deploy, preview, destroy and restore layers."""

# ruff: noqa: PLC0415

from typing import TYPE_CHECKING, Any

from invoke.context import Context

from cli.options import ONE_LAYER
from cli.task import NonNegativeInt, task

if TYPE_CHECKING:
    from orchestration.planning.runner import Results
    from orchestration.session import EnvironmentSession


def _print_cost_difference(
    session: "EnvironmentSession", plan: "Results", *, as_json: bool, verbose: bool
) -> None:
    # The import takes half a second, which a plan without changes does not need.
    if any(result.value and (result.value.changes.any or result.value.changes_outputs) for result in plan):
        from operations.cost.plan_difference import print_cost_difference

        print_cost_difference(session, plan, as_json=as_json, verbose=verbose)


@task(
    iterable=["layer"],
    help={
        "changed": "Skip layers that did not change since their deployment, and print the reasons",
        "plan": "Save the plan in this folder instead of deploying",
        "from_plan": "Apply the plan saved in this folder; fail if its inputs changed",
        "parallel": "Deploy at most this number of layers at a time (default: as many as dependencies allow)",
        "report": "Write the result table to this file, as JSON",
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
    parallel: int = NonNegativeInt(0),
    refresh: bool = True,
    report: str = "",
    json: bool = False,
    port: int = NonNegativeInt(0),
    verbose: bool = False,
) -> None:
    """Deploy all layers, or some, after showing the plan.

    Each layer is deployed after the layers that it reads, and independent layers at the same time. Local
    deployments need no confirmation.

    Exit status: 1 if nothing was changed, 3 if some layers were deployed and others failed.
    """
    from functools import partial

    from orchestration.deployment import deploy_layers
    from orchestration.session import EnvironmentSession
    from terminal import prompts

    session = EnvironmentSession.from_name(env)
    deploy_layers(
        session,
        partial(prompts.confirm, yes=yes, typed=confirm),
        layer,
        changed=changed,
        plan=plan,
        from_plan=from_plan,
        override=override,
        port=port,
        parallel=parallel,
        refresh=refresh,
        report=report,
        as_json=json,
        on_plan=partial(_print_cost_difference, session, as_json=json, verbose=verbose),
    )


@task(iterable=["layer"])
def preview(
    _: Context, env: str = "local", layer: Any = None, json: bool = False, verbose: bool = False
) -> None:
    """Show the changes that deploy would make.

    If they change the cost, a line shows the estimated difference.
    """
    from functools import partial

    from orchestration.deployment import preview_layers
    from orchestration.session import EnvironmentSession

    session = EnvironmentSession.from_name(env)
    on_plan = partial(_print_cost_difference, session, as_json=json, verbose=verbose)
    preview_layers(session, layer, as_json=json, on_plan=on_plan)


@task(
    iterable=["layer"],
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
    """Delete all resources of layers, unless protected."""
    from functools import partial

    from orchestration.deployment import destroy_layers
    from orchestration.session import EnvironmentSession
    from terminal import prompts

    destroy_layers(
        EnvironmentSession.from_name(env),
        partial(prompts.confirm, yes=yes, typed=confirm),
        layer,
        override=override,
        as_json=json,
    )


@task(
    help={
        "layer": ONE_LAYER,
        "to": "Restore this version, as history lists it (default: the last successful one of other code)",
    }
)
def rollback(
    _: Context,
    *,
    layer: str,
    env: str = "local",
    to: int = NonNegativeInt(0),
    yes: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Restore an earlier version of a layer and keep its data.

    Shows the plan for the code and settings of that version's commit, and applies it to this layer only.
    """
    from functools import partial

    from orchestration.recovery import roll_back_layer
    from orchestration.session import EnvironmentSession
    from terminal.prompts import confirm

    session = EnvironmentSession.from_name(env)
    roll_back_layer(session, partial(confirm, yes=yes), layer, to=to, as_json=json)


@task(help={"layer": ONE_LAYER})
def recover(_: Context, *, layer: str, env: str = "local", yes: bool = False, json: bool = False) -> None:
    """Repair the state of a layer after an interrupted update."""
    from functools import partial

    from orchestration.recovery import recover_layer
    from orchestration.session import EnvironmentSession
    from terminal.prompts import confirm

    recover_layer(EnvironmentSession.from_name(env), partial(confirm, yes=yes), layer, as_json=json)
