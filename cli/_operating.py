"""The tasks that say where the layers stand, and those that bring them back."""

from collections.abc import Iterable

from cli import _deploying
from cli._deploying import How
from orchestration import engines, environments, layers
from orchestration.bootstrap import bootstrap as bootstrapping
from orchestration.state import locks, state_backups
from orchestration.state.state_backups import Backups
from orchestration.status import drift as drifting
from orchestration.status import history
from orchestration.status import status as standing
from terminal.output import confirm


def bootstrap(env: str, how: How) -> None:
    """Make an account ready for the layers."""
    environment = environments.find(env)
    bootstrapping.bootstrap(
        environment,
        lambda: engines.open_engine(environment),
        lambda question: confirm(question, yes=how.yes),
        as_json=how.as_json,
        check=lambda: _deploying.warn_of_quotas(environment),
    )


def status(env: str, *, as_json: bool) -> None:
    """Print where each layer stands."""
    environment = environments.find(env)
    if engines.is_untouched(environment):
        nothing = standing.Nothing()
        standing.status(environment, nothing, nothing, as_json=as_json)
        return
    engine = engines.reading_engine(environment)
    standing.status(environment, engine, locks.of(environment, engine), as_json=as_json)


def show_history(env: str, layer: str, *, limit: int, as_json: bool) -> None:
    """Print the updates of a layer."""
    environment, chosen = environments.find(env), layers.find(layer)
    history.show(environment, engines.reading_engine(environment), chosen, limit=limit, as_json=as_json)


def drift(env: str, names: Iterable[str], *, as_json: bool) -> int:
    """Print what was changed outside Pulumi."""
    environment, chosen = environments.find(env), layers.select(names)
    engines.check_settings(environment, chosen)
    engines.check_guards(environment)
    engine = engines.open_engine(environment)
    return drifting.drift(environment, engine, locks.of(environment, engine), chosen, as_json=as_json)


def backups(env: str, names: Iterable[str], *, as_json: bool) -> None:
    """Print the kept states of layers."""
    environment = environments.find(env)
    engine = engines.reading_engine(environment)
    state_backups.show(Backups(environment, engine), layers.select(names), as_json=as_json)


def restore(env: str, name: str, backup: str, how: How) -> None:
    """Put a kept state in the place of the present one."""
    environment, layer = environments.find(env), layers.find(name)
    engines.check_guards(environment)
    engine = engines.reading_engine(environment)
    Backups(environment, engine).restore(layer, backup, lambda question: confirm(question, yes=how.yes))
