"""The tasks that deploy and destroy layers."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from orchestration import engines, environments, layers, update_message
from orchestration.environments import Environment, account_of
from orchestration.git import Git
from orchestration.layers import Layer
from orchestration.planning import changed_layers, preflight
from orchestration.planning.changed_layers import StackEvidence
from orchestration.planning.deployer import Deployer, Ways
from orchestration.planning.network_interfaces import SLOW, NetworkInterfaces
from orchestration.planning.plan_file import SavedPlan
from orchestration.planning.quotas import AccountQuotas, check_quotas
from orchestration.pulumi.engine import Engine
from orchestration.pulumi.progress import Progress
from orchestration.state.state_backups import Backups
from orchestration.status.mail import check_mail
from terminal.errors import UserError
from terminal.output import confirm, say


@dataclass(frozen=True)
class How:
    """The options that changing tasks share, as they were typed; `override` excuses an unclean tree."""

    yes: bool = False
    typed: str = ""
    as_json: bool = False
    report: str = ""
    parallel: int = 0
    refresh: bool = True
    override: str = ""
    port: int = 0


def deploy(
    env: str,
    names: Iterable[str] = (),
    *,
    changed: bool = False,
    plan: str = "",
    from_plan: str = "",
    how: How | None = None,
) -> None:
    """Deploy the named layers, or all, or those that changed; or plan that; or do what a plan says."""
    how = how or How()
    if from_plan and (plan or changed or tuple(names)):
        raise UserError("--from-plan does what the plan says: it takes no --layer, --changed or --plan.")
    saved = SavedPlan.load(Path(from_plan), environments.find(env)) if from_plan else None
    environment, chosen = _chosen(env, [layer.name for layer in saved.layers] if saved else names)
    engines.check_files(environment, chosen)
    deployer, engine = _deployer(environment, how, changing=not plan)
    evidence = StackEvidence(environment, engine, deployer.neighbours)
    if changed:
        chosen = _changed(evidence, chosen)
        if not chosen:
            say(f"Nothing to deploy to '{env}'.")
            deployer.report([])
            return
    _refuse_behind(environment, evidence, chosen, how)
    if not environment.is_local:
        check_quotas(environment, _quotas(environment), refuse=not plan, layers=chosen)
    if plan:
        deployer.save_plan(chosen, Path(plan))
    elif saved:
        deployer.deploy_saved(saved)
    else:
        deployer.deploy(chosen)
    if not plan:
        _name_unconfirmed_addresses(environment, engine, chosen)


def preview(env: str, names: Iterable[str] = (), *, how: How | None = None) -> None:
    """Show what deploying the named layers, or all, would change."""
    environment, chosen = _chosen(env, names)
    engines.check_files(environment, chosen)
    deployer, _ = _deployer(environment, how or How(), changing=False)
    if not environment.is_local:
        warn_of_quotas(environment)
    deployer.preview(chosen)


def warn_of_quotas(environment: Environment) -> None:
    """Name the quotas of an account that are too small for the layers."""
    check_quotas(environment, _quotas(environment))


def destroy(env: str, names: Iterable[str] = (), *, how: How | None = None) -> None:
    """Delete what the named layers, or all, hold."""
    environment, chosen = _chosen(env, names)
    _deployer(environment, how or How(), changing=True)[0].destroy(chosen)


def _name_unconfirmed_addresses(environment: Environment, engine: Engine, layers: Sequence[Layer]) -> None:
    with ThreadPoolExecutor() as pool:
        states = list(pool.map(engine.exported, layers))
    for sentence in check_mail(environment, states).sentences:
        say(sentence)


def _chosen(env: str, names: Iterable[str]) -> tuple[Environment, tuple[Layer, ...]]:
    environment = environments.find(env)
    chosen = layers.select(names)
    engines.check_settings(environment, chosen)
    return environment, chosen


def _changed(evidence: StackEvidence, layers: Iterable[Layer]) -> tuple[Layer, ...]:
    choices = changed_layers.choose(layers, evidence)
    for choice in choices:
        say(choice.sentence)
    return tuple(choice.layer for choice in choices if choice.taken)


def _refuse_behind(
    environment: Environment, evidence: StackEvidence, layers: Sequence[Layer], how: How
) -> None:
    """In an account, a tree that lacks what a layer was deployed from is refused before it is previewed."""
    if environment.is_local:
        return
    git = Git(environment.root)
    with ThreadPoolExecutor() as pool:
        updates = zip(layers, pool.map(evidence.last_update, layers), strict=True)
        for layer, last in updates:
            preflight.check_not_behind(layer.name, last.commit if last else "", git, override=how.override)


def _deployer(environment: Environment, how: How, *, changing: bool) -> tuple[Deployer, Engine]:
    git = Git(environment.root)
    excused = engines.check_guards(environment, git if changing else None, override=how.override)
    progress = Progress(slow={} if environment.is_local else SLOW)
    engine = engines.open_engine(
        environment, changing=changing, port=how.port or None, on_event=progress.event
    )
    by, commit = _who_and_what(environment, git)

    def message(verb: str, layer: Layer) -> str:
        return update_message.compose(f"{verb} {layer.name}", by=by, override=excused)

    ways = Ways(
        as_json=how.as_json,
        report=Path(how.report) if how.report else None,
        parallel=how.parallel,
        refresh=how.refresh,
        plan_first=not environment.is_local,
        ask_name=environment.name == environments.PROD,
        commit=commit,
        message=message,
        interfaces=_interfaces(environment),
        backup=Backups(environment, engine).save,
    )

    def agree(question: str, word: str) -> None:
        confirm(question, word, yes=how.yes, typed=how.typed)

    return Deployer(environment, engine, agree, ways, progress=progress), engine


def _quotas(environment: Environment) -> AccountQuotas:
    return AccountQuotas.in_region(account_of(environment).region)


def _interfaces(environment: Environment) -> NetworkInterfaces | None:
    if environment.is_local:
        return None
    return NetworkInterfaces.in_region(account_of(environment).region)


def _who_and_what(environment: Environment, git: Git) -> tuple[str, str]:
    """Who deploys, and from which commit; `local` can be deployed from files that are in no repository."""
    try:
        return update_message.who(git), git.described()
    except UserError:
        if environment.is_local:
            return "", ""
        raise
