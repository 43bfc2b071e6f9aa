"""What each layer gives to others: one class per layer, the only place that names a stack's outputs.

A producer fills its class and exports it; a consumer loads the same class; tools that read the outputs of a
stack from outside use `read`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

import pulumi

from shared import projects
from shared.projects import Project


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


@dataclass(frozen=True, kw_only=True)
class FoundationOutputs(Contract):
    """Keys by purpose, the private network, and the boundary of each function's role."""

    producer: ClassVar[Project] = projects.FOUNDATION

    data_key_arn: pulumi.Input[str]
    function_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]
    vpc_id: pulumi.Input[str]
    private_subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    function_security_group_id: pulumi.Input[str]
    api_boundary_arn: pulumi.Input[str]
    fraud_boundary_arn: pulumi.Input[str]
    notify_boundary_arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class DataOutputs(Contract):
    """The table with its stream, the queue with its dead letters, the topic."""

    producer: ClassVar[Project] = projects.DATA

    table_name: pulumi.Input[str]
    table_arn: pulumi.Input[str]
    table_stream_arn: pulumi.Input[str]
    retention_days: pulumi.Input[int]
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


@dataclass(frozen=True, kw_only=True)
class EdgeOutputs(Contract):
    """Where to post, and what a caller's policy must allow (`execute-api:Invoke` on `api_arn`)."""

    producer: ClassVar[Project] = projects.EDGE

    api_url: pulumi.Input[str]
    api_id: pulumi.Input[str]
    stage_name: pulumi.Input[str]
    api_arn: pulumi.Input[str]
    function_name: pulumi.Input[str]


CONTRACTS: tuple[type[Contract], ...] = (FoundationOutputs, DataOutputs, ProcessingOutputs, EdgeOutputs)

C = TypeVar("C", bound=Contract)


def export(outputs: Contract) -> None:
    """Make the contract's values the outputs of the running program's stack."""
    for name in outputs.names():
        pulumi.export(name, getattr(outputs, name))


def load(contract: type[C]) -> C:
    """The outputs of the producer's stack of the same environment; a missing one fails the deployment."""
    # The organization is "organization" on the backends that know none, such as files and S3.
    stack = f"{pulumi.get_organization()}/{contract.producer.name}/{pulumi.get_stack()}"
    reference = pulumi.StackReference(stack)
    return contract(**{name: _required(reference, contract, name) for name in contract.names()})


def _required(reference: pulumi.StackReference, contract: type[Contract], name: str) -> pulumi.Output[Any]:
    """`require_output` with words for whom it stops: a missing output is a layer that is too old."""

    def given(value: Any) -> Any:
        if value is None:
            raise _missing(contract, [name])
        return value

    return reference.get_output(name).apply(given)


def read(contract: type[C], outputs: Mapping[str, Any]) -> C:
    """The contract with plain values, from the outputs of a stack as the engine gives them.

    Raises ContractError naming the outputs that are missing; further ones are ignored.
    """
    if missing := [name for name in contract.names() if name not in outputs]:
        raise _missing(contract, missing)
    return contract(**{name: outputs[name] for name in contract.names()})


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
