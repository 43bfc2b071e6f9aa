"""Estimates the cost of an environment from its settings, its programs and its functions' own code."""

from typing import TypeVar

from operations.cost.declared import DeclaredEnvironment
from operations.cost.estimate import PARTS, Estimate
from operations.cost.monthly_costs import MonthlyCosts
from operations.cost.transaction_costs import TransactionCosts
from operations.cost.typical_transaction import TypicalTransaction, process_typical_transaction
from orchestration.layers import LAYERS, find_layer
from orchestration.session import EnvironmentSession
from shared.names import Names
from shared.settings import Settings
from stacks.data.settings import DataSettings
from stacks.processing.files import read_files
from stacks.processing.settings import ProcessingSettings

S = TypeVar("S", bound=Settings)


def estimate_environment(session: EnvironmentSession, per_day: int, items_per_request: int = 1) -> Estimate:
    """Estimate the cost at `per_day` transactions a day. Needs no AWS. Raises UserError."""
    session.check_settings(LAYERS)
    session.check_settings_files(LAYERS)
    data = _read_settings(session, DataSettings)
    declared = DeclaredEnvironment.load(session.environment, data.name_suffix)
    typical = process_transaction_of(session, items_per_request, declared.stream_shards)
    return build_estimate(declared, typical, per_day=per_day, retention_days=data.retention_days)


def process_transaction_of(
    session: EnvironmentSession, items_per_request: int = 1, stream_shards: int = 4
) -> TypicalTransaction:
    """The typical transaction with the rules and models of an environment. Raises UserError."""
    data, processing = _read_settings(session, DataSettings), _read_settings(session, ProcessingSettings)
    return process_typical_transaction(
        read_files(processing, session.environment.stack_folder("processing")),
        retention_days=data.retention_days,
        alert_window_seconds=processing.alert_window_seconds,
        items_per_request=items_per_request,
        stream_shards=stream_shards,
    )


def read_names(session: EnvironmentSession) -> Names:
    """The names of an environment's resources. Raises UserError."""
    return Names(_read_settings(session, DataSettings).name_suffix)


def build_estimate(
    declared: DeclaredEnvironment, typical: TypicalTransaction, *, per_day: int, retention_days: int
) -> Estimate:
    """The lines with a quantity, by part, layer and service."""
    transactions = TransactionCosts(declared, typical, per_day, retention_days)
    costs = (
        *transactions.lines(),
        *MonthlyCosts(declared, typical).lines(),
    )
    layers = list(declared.layers)
    lines = sorted(
        (line for line in costs if line.quantity),
        key=lambda line: (PARTS.index(line.part), layers.index(line.layer), line.service),
    )
    return Estimate(
        per_day=per_day,
        lines=tuple(line for line in lines if line.is_certain),
        uncertain_lines=tuple(line for line in lines if not line.is_certain),
        write_units=transactions.write_units,
        origin_write_units=transactions.origin_write_units,
        read_units=transactions.read_units,
        items_per_request=typical.items_per_request,
        has_batch_route=declared.has_batch_route,
    )


def _read_settings(session: EnvironmentSession, model: type[S]) -> S:
    settings = session.settings(find_layer(model.project.layer))
    if not isinstance(settings, model):
        raise TypeError(f"{type(settings).__name__} instead of {model.__name__}")
    return settings
