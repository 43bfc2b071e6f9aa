"""What each layer gives to others: one class per layer, the only place that names a stack's outputs.

A producer fills its class and exports it; a consumer loads the same class; tools that read the outputs of a
stack from outside use `read`. Each stack also exports, as `RESERVED`, what it gives and which fields of
others it uses: so a change is checked against what is deployed, not against what the code says today.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar, cast

import pulumi

from shared import contract_types, projects
from shared.projects import Project

# The one output that belongs to no contract:
# {"gives": {field: type}, "reads": {layer: {field: type}}}, types as in contract_types.
RESERVED = "contracts"

# What is not deployed yet and has placeholders in a preview: a layer, or one field of it as `layer.field`.
placeholders: ContextVar[frozenset[str]] = ContextVar("placeholders", default=frozenset())


class ContractError(Exception):
    """The outputs of a stack do not fulfil its contract."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Base of the contracts. In a program the values are Outputs, from `read` they are plain."""

    producer: ClassVar[Project]

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The names of the outputs."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def types(cls) -> dict[str, str]:
        """The types of the outputs, in words."""
        return {field.name: contract_types.of_annotation(field.type) for field in fields(cls)}


@dataclass(frozen=True, kw_only=True)
class FoundationOutputs(Contract):
    """Keys by purpose, the topic of alarms, the network, and the boundary of each role of other layers."""

    producer: ClassVar[Project] = projects.FOUNDATION

    data_key_arn: pulumi.Input[str]
    profiles_key_arn: pulumi.Input[str]
    function_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    failures_key_arn: pulumi.Input[str]
    operations_topic_arn: pulumi.Input[str]
    vpc_id: pulumi.Input[str]
    private_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    function_security_group_id: pulumi.Input[str]
    api_boundary_arn: pulumi.Input[str]
    fraud_boundary_arn: pulumi.Input[str]
    labels_boundary_arn: pulumi.Input[str]
    notify_boundary_arn: pulumi.Input[str]
    pipe_boundary_arn: pulumi.Input[str]
    gateway_logs_boundary_arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class DataOutputs(Contract):
    """The tables, one with its stream; the queue with its dead letters; the topic."""

    producer: ClassVar[Project] = projects.DATA

    table_name: pulumi.Input[str]
    table_arn: pulumi.Input[str]
    table_stream_arn: pulumi.Input[str]
    retention_days: pulumi.Input[int]
    profiles_table_name: pulumi.Input[str]
    profiles_table_arn: pulumi.Input[str]
    suspicious_queue_name: pulumi.Input[str]
    suspicious_queue_arn: pulumi.Input[str]
    suspicious_queue_url: pulumi.Input[str]
    suspicious_dlq_arn: pulumi.Input[str]
    suspicious_dlq_url: pulumi.Input[str]
    alerts_topic_arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ProcessingOutputs(Contract):
    """The bus, for further readers; the functions; the queues that keep what failed."""

    producer: ClassVar[Project] = projects.PROCESSING

    bus_name: pulumi.Input[str]
    bus_arn: pulumi.Input[str]
    fraud_function_name: pulumi.Input[str]
    notify_function_name: pulumi.Input[str]
    pipe_failure_queue_url: pulumi.Input[str]
    event_failure_queue_url: pulumi.Input[str]
    fraud_failure_queue_url: pulumi.Input[str]
    fraud_retry_queue_url: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class EdgeOutputs(Contract):
    """Where to post transactions (`api_url`) and labels, and the functions behind these.

    `api_arn` and `labels_api_arn`: what a caller's policy must allow `execute-api:Invoke` on.
    """

    producer: ClassVar[Project] = projects.EDGE

    api_url: pulumi.Input[str]
    api_id: pulumi.Input[str]
    stage_name: pulumi.Input[str]
    api_arn: pulumi.Input[str]
    function_name: pulumi.Input[str]
    labels_url: pulumi.Input[str]
    labels_api_arn: pulumi.Input[str]
    labels_function_name: pulumi.Input[str]


# In the order of the classes above.
CONTRACTS: tuple[type[Contract], ...] = tuple(Contract.__subclasses__())

C = TypeVar("C", bound=Contract)


def of(layer: str) -> type[Contract]:
    """The contract of a layer; KeyError if it has none."""
    return {contract.producer.layer: contract for contract in CONTRACTS}[layer]


def export(outputs: Contract, *, reads: Sequence[Contract] = ()) -> None:
    """Make the contract's values the outputs of the running program's stack, at the program's end.

    `reads` are the contracts that the program loaded: which of their fields it used is exported with them.
    """
    for name in outputs.names():
        pulumi.export(name, getattr(outputs, name))
    used = dict(cast("_Loaded", upstream).close() for upstream in reads)
    pulumi.export(RESERVED, {"gives": outputs.types(), "reads": used})


def load(contract: type[C]) -> C:
    """The outputs of the producer's stack of the same environment; each is looked up when it is used.

    One that is used and missing, or of another type, fails the deployment. Raises ContractError outside of a
    preview where placeholders would stand in for any.
    """
    return cast(C, _Loaded(contract))


class _Loaded:
    """A contract whose fields come from its producer's stack. It remembers which were used."""

    def __init__(self, contract: type[Contract]) -> None:
        producer = contract.producer
        self._contract, self._types = contract, contract.types()
        self._used: dict[str, pulumi.Output[Any]] = {}
        self._closed = False
        layer, made_up = producer.layer, placeholders.get()
        self._stand_ins = {name for name in self._types if made_up & {layer, f"{layer}.{name}"}}
        if self._stand_ins and not pulumi.runtime.is_dry_run():
            raise ContractError(f"placeholders of {producer.name} are for previews only; deploy it first")
        # An empty stack has no outputs, one that was never made cannot even be referred to.
        if self._stand_ins != set(self._types):
            # The organization is "organization" on the backends that know none, such as files and S3.
            self._stack = pulumi.StackReference(
                f"{pulumi.get_organization()}/{producer.name}/{pulumi.get_stack()}"
            )

    def __getattr__(self, name: str) -> pulumi.Output[Any]:
        if name not in self._types:
            raise AttributeError(f"{self._contract.__name__} has no {name}")
        if name not in self._used:
            if self._closed:
                raise ContractError(f"{name} is used after export; use it before, so that it is known")
            self._used[name] = self._look_up(name)
        return self._used[name]

    def close(self) -> tuple[str, dict[str, str]]:
        """The layer and the types of its fields that were used; no further one can be."""
        self._closed = True
        return self._contract.producer.layer, {name: self._types[name] for name in sorted(self._used)}

    def _look_up(self, name: str) -> pulumi.Output[Any]:
        producer, words = self._contract.producer, self._types[name]
        if name in self._stand_ins:
            return pulumi.Output.from_input(contract_types.placeholder(producer.layer, name, words))

        def checked(value: Any) -> Any:
            if value is None:
                raise _missing(self._contract, [name])
            if not contract_types.fits(value, words):
                found = contract_types.of_value(value)
                raise ContractError(f"{producer.name} gives {name} as {found}, not as {words}")
            return value

        return self._stack.get_output(name).apply(checked)


def read(contract: type[C], outputs: Mapping[str, Any]) -> C:
    """The contract with plain values, from the outputs of a stack as the engine gives them.

    Raises ContractError naming the outputs that are missing; further ones are ignored.
    """
    if missing := [name for name in contract.names() if name not in outputs]:
        raise _missing(contract, missing)
    return contract(**{name: outputs[name] for name in contract.names()})


def visible(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a stack without the reserved one."""
    return {name: value for name, value in outputs.items() if name != RESERVED}


def _missing(contract: type[Contract], names: Sequence[str]) -> ContractError:
    return ContractError(
        f"{contract.producer.name} does not give {', '.join(names)}; deploy the layer"
        f" {contract.producer.layer} first"
    )


def text(value: pulumi.Input[str]) -> str:
    """A plain value of a contract that came from `read`. Raises ContractError if it is no text."""
    if isinstance(value, str):
        return value
    raise ContractError(f"a text was expected, not {type(value).__name__}")
