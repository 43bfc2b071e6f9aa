"""Deployment, preview and deletion of layers in the environment of a session."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from orchestration import update_message
from orchestration.layers import Layer, select_layers
from orchestration.planning import changed_layers, preflight
from orchestration.planning.changed_layers import ChangeDetector
from orchestration.planning.deployer import Deployer
from orchestration.planning.destroyer import Destroyer
from orchestration.planning.network_interfaces import NetworkInterfaces
from orchestration.planning.plan_file import SavedPlan
from orchestration.planning.quotas import AccountQuotas, check_quotas
from orchestration.planning.runner import Confirm, DeployOptions, Results
from orchestration.pulumi.engine import Engine
from orchestration.session import EnvironmentSession
from orchestration.state.state_backups import StateBackups
from orchestration.status.mail import check_mail
from terminal.errors import UserError
from terminal.output import print_message
from terminal.progress import show_activity

OnPlan = Callable[[Results], object]
"""Receives the results of the previews of a plan."""


def ignore_plan(_plan: Results) -> None:
    """Do nothing with a plan."""


def deploy_layers(
    session: EnvironmentSession,
    confirm: Confirm,
    names: Iterable[str] = (),
    *,
    changed: bool = False,
    plan: str = "",
    from_plan: str = "",
    override: str = "",
    port: int = 0,
    parallel: int = 0,
    refresh: bool = True,
    report: str = "",
    as_json: bool = False,
    on_plan: OnPlan = ignore_plan,
) -> None:
    """Deploy the named layers, or all of them.

    `changed` leaves unchanged layers out. `plan` is the folder to save the plan in, without deploying, and
    `from_plan` the folder of a saved plan to apply. `override` is the reason to deploy a git tree that is
    not pushed. `port` is the port of the embedded AWS, and `report` the file for the results. `on_plan` is
    called after a plan is printed.
    """
    if from_plan and (plan or changed or tuple(names)):
        raise UserError(
            "--from-plan applies a saved plan as it is.",
            "Remove --layer, --changed and --plan from the command.",
        )
    saved = SavedPlan.load(Path(from_plan), session.environment) if from_plan else None
    layers = select_layers([layer.name for layer in saved.layers] if saved else names)
    session.check_settings(layers)
    session.check_settings_files(layers)
    session.check_account()
    recorded = "" if plan else session.check_tree(override)
    preflight.warn_of_old_rates(datetime.now(UTC).date())
    engine = _open_engine(session, changing=not plan, port=port)
    options = _create_options(
        session,
        engine,
        override=recorded,
        parallel=parallel,
        refresh=refresh,
        report=report,
        as_json=as_json,
        on_plan=on_plan,
    )
    deployer = Deployer(session.environment, engine, confirm, options, progress=session.progress)
    detector = ChangeDetector(session.environment, engine, deployer.contracts)
    if changed:
        layers = _select_changed(detector, layers)
        if not layers:
            print_message(f"Nothing to deploy to '{session.name}'.")
            deployer.report([])
            return
    _refuse_older_tree(session, detector, layers, override)
    if not session.is_local:
        quotas = AccountQuotas.from_region(session.account.region)
        with show_activity("Checking the quotas of the AWS account"):
            check_quotas(session.environment, quotas, refuse=not plan, layers=layers)
    if plan:
        deployer.save_plan(layers, Path(plan))
        return
    if saved:
        deployer.deploy_saved(saved)
    else:
        deployer.deploy(layers)
    _print_unconfirmed_addresses(session, engine, layers)


def preview_layers(
    session: EnvironmentSession,
    names: Iterable[str] = (),
    *,
    as_json: bool = False,
    on_plan: OnPlan = ignore_plan,
) -> None:
    """Show the changes that a deployment of the named layers, or of all, would make.

    `on_plan` is called after the plan is printed.
    """
    layers = select_layers(names)
    session.check_settings(layers)
    session.check_settings_files(layers)
    session.check_account()
    engine = _open_engine(session, changing=False)
    options = _create_options(session, engine, as_json=as_json, on_plan=on_plan)
    if not session.is_local:
        warn_of_quotas(session)
    deployer = Deployer(
        session.environment, engine, lambda _question, _word: None, options, progress=session.progress
    )
    deployer.preview(layers)


def destroy_layers(
    session: EnvironmentSession,
    confirm: Confirm,
    names: Iterable[str] = (),
    *,
    override: str = "",
    as_json: bool = False,
) -> None:
    """Delete the resources of the named layers, or of all."""
    layers = select_layers(names)
    session.check_settings(layers)
    session.check_account()
    recorded = session.check_tree(override)
    engine = _open_engine(session, changing=True)
    options = _create_options(session, engine, override=recorded, as_json=as_json)
    Destroyer(session.environment, engine, confirm, options, progress=session.progress).destroy(layers)


def warn_of_quotas(session: EnvironmentSession) -> None:
    """Print the quotas of an AWS account that are too small for the layers."""
    quotas = AccountQuotas.from_region(session.account.region)
    with show_activity("Checking the quotas of the AWS account"):
        check_quotas(session.environment, quotas)


def _open_engine(session: EnvironmentSession, *, changing: bool, port: int = 0) -> Engine:
    return session.open_engine(changing=changing, port=port or None, on_event=session.progress.handle_event)


def _create_options(
    session: EnvironmentSession,
    engine: Engine,
    *,
    override: str = "",
    parallel: int = 0,
    refresh: bool = True,
    report: str = "",
    as_json: bool = False,
    on_plan: OnPlan = ignore_plan,
) -> DeployOptions:
    user, commit = _read_user_and_commit(session)

    def compose_message(verb: str, layer: Layer) -> str:
        return update_message.compose_message(f"{verb} {layer.name}", by=user, override=override)

    return DeployOptions(
        as_json=as_json,
        report=Path(report) if report else None,
        parallel=parallel,
        refresh=refresh,
        ask_first=not session.is_local,
        ask_name=session.is_production,
        commit=commit,
        message=compose_message,
        interfaces=None if session.is_local else NetworkInterfaces.from_region(session.account.region),
        backup=StateBackups(session.environment, engine).save,
        on_plan=on_plan,
    )


def _read_user_and_commit(session: EnvironmentSession) -> tuple[str, str]:
    """Read both from git. `local` can be deployed without a git repository; both are empty then."""
    try:
        return session.user, session.git.describe_head()
    except UserError:
        if session.is_local:
            return "", ""
        raise


def _select_changed(detector: ChangeDetector, layers: Iterable[Layer]) -> tuple[Layer, ...]:
    with show_activity("Comparing the layers with their last deployment"):
        choices = changed_layers.choose_layers(layers, detector)
    for choice in choices:
        print_message(choice.sentence)
    return tuple(choice.layer for choice in choices if choice.taken)


def _refuse_older_tree(
    session: EnvironmentSession, detector: ChangeDetector, layers: Sequence[Layer], override: str
) -> None:
    """Refuse, in an AWS account, a git tree without the commit that a layer was deployed from."""
    if session.is_local:
        return
    with ThreadPoolExecutor() as pool, show_activity("Reading the last deployment of each layer"):
        updates = list(zip(layers, pool.map(detector.last_update, layers), strict=True))
    for layer, last in updates:
        preflight.check_not_behind(layer.name, last.commit if last else "", session.git, override=override)


def _print_unconfirmed_addresses(
    session: EnvironmentSession, engine: Engine, layers: Sequence[Layer]
) -> None:
    with ThreadPoolExecutor() as pool, show_activity("Checking the addresses that receive alerts"):
        mail = check_mail(session.environment, list(pool.map(engine.export_deployment, layers)))
    for sentence in mail.sentences:
        print_message(sentence)
