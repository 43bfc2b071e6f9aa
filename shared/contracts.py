"""The outputs of each layer: one class per layer, the only place that names a stack's outputs.

A producer fills its class and exports it; a consumer loads the same class; tools that read the outputs of a
stack from outside a program use `read_outputs`. Each stack also exports, as `RESERVED`, the outputs that it
declares and the inputs that it uses, so that a change is checked against the deployed layers and not against
their code in this tree.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, TypeVar, cast

import pulumi

from shared import contract_types, projects
from shared.projects import Project

# The one output that belongs to no contract. `make_declaration` describes its form.
RESERVED = "contracts"

# The upstream outputs that are not deployed and have placeholders in a preview: a layer, or one field of a
# layer as `layer.field`.
placeholders: ContextVar[frozenset[str]] = ContextVar("placeholders", default=frozenset())


# Metadata of a field that had another name in the last release. Until the next release, a stack exports the
# field under both names and a reader accepts either. So a layer of the last release can read a new upstream,
# and a new layer can read an upstream of the last release.
_FORMER_NAME = "former_name"


class ContractError(Exception):
    """The outputs of a stack do not fulfill its contract."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Base of the contracts. In a program the values are Outputs; from `read_outputs` they are plain."""

    producer: ClassVar[Project]

    @classmethod
    def types(cls) -> dict[str, str]:
        """The types of the exported outputs by name, with the former names of renamed fields."""
        types = {item.name: contract_types.annotation_type(item.type) for item in fields(cls)}
        return {**types, **{former: types[name] for name, former in cls.former_names().items()}}

    @classmethod
    def optional_names(cls) -> frozenset[str]:
        """The outputs with a default: a stack of the last release lacks them, and they can be empty."""
        return frozenset(
            item.name
            for item in fields(cls)
            if item.default is not MISSING or item.default_factory is not MISSING
        )

    @classmethod
    def former_names(cls) -> dict[str, str]:
        """The former names of the renamed fields, by current name."""
        return {
            item.name: item.metadata[_FORMER_NAME] for item in fields(cls) if _FORMER_NAME in item.metadata
        }


@dataclass(frozen=True, kw_only=True)
class FoundationOutputs(Contract):
    """Keys by purpose, the alarm topic, the network, and the permissions boundary of each role.

    The last two outputs are empty unless foundation has the setting `codeSigning`.
    """

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
    merchants_boundary_arn: pulumi.Input[str]
    notify_boundary_arn: pulumi.Input[str]
    pipe_boundary_arn: pulumi.Input[str]
    gateway_logs_boundary_arn: pulumi.Input[str]
    consumer_boundary_arn: pulumi.Input[str] = ""
    signing_profile_name: pulumi.Input[str] = ""
    code_signing_config_arn: pulumi.Input[str] = ""


@dataclass(frozen=True, kw_only=True)
class DataOutputs(Contract):
    """The tables, the stream of transactions, the suspicious queue with its dead-letter queue, the topic."""

    producer: ClassVar[Project] = projects.DATA

    transactions_table_name: pulumi.Input[str] = field(metadata={_FORMER_NAME: "table_name"})
    transactions_table_arn: pulumi.Input[str] = field(metadata={_FORMER_NAME: "table_arn"})
    transactions_stream_arn: pulumi.Input[str] = field(metadata={_FORMER_NAME: "table_stream_arn"})
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
    """The bus, for further consumers; the functions; the retry and failure queues.

    A layer that is not upgraded has no function `merchants`.
    """

    producer: ClassVar[Project] = projects.PROCESSING

    bus_name: pulumi.Input[str]
    bus_arn: pulumi.Input[str]
    fraud_function_name: pulumi.Input[str]
    merchants_function_name: pulumi.Input[str] = ""
    notify_function_name: pulumi.Input[str]
    pipe_failure_queue_url: pulumi.Input[str]
    event_failure_queue_url: pulumi.Input[str]
    fraud_failure_queue_url: pulumi.Input[str]
    fraud_retry_queue_url: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class EdgeOutputs(Contract):
    """The URLs for transactions (`api_url`) and labels, and the functions behind them.

    `api_arn`, `labels_api_arn`, `transactions_batch_api_arn`, `historic_api_arn`: the resources on which a
    caller's policy must allow `execute-api:Invoke`. Without the route for batches or for past transactions,
    its outputs are empty. `consumer_role_arns`: the role of each consumer, by its name.
    """

    producer: ClassVar[Project] = projects.EDGE

    api_url: pulumi.Input[str]
    api_id: pulumi.Input[str]
    stage_name: pulumi.Input[str]
    api_arn: pulumi.Input[str]
    api_function_name: pulumi.Input[str] = field(metadata={_FORMER_NAME: "function_name"})
    labels_url: pulumi.Input[str]
    labels_api_arn: pulumi.Input[str]
    labels_function_name: pulumi.Input[str]
    transactions_batch_url: pulumi.Input[str] = ""
    transactions_batch_api_arn: pulumi.Input[str] = ""
    historic_url: pulumi.Input[str] = ""
    historic_api_arn: pulumi.Input[str] = ""
    consumer_role_arns: pulumi.Input[Mapping[str, pulumi.Input[str]]] = field(default_factory=dict)


# In the order of the classes above.
CONTRACTS: tuple[type[Contract], ...] = tuple(Contract.__subclasses__())

C = TypeVar("C", bound=Contract)


def find_contract(layer: str) -> type[Contract]:
    """The contract of a layer. Raises KeyError if the layer has none."""
    return {contract.producer.layer: contract for contract in CONTRACTS}[layer]


def former_names(layer: str) -> Mapping[str, str]:
    """The former names of a layer's renamed outputs, by current name; none for a layer without a contract."""
    return next((item.former_names() for item in CONTRACTS if item.producer.layer == layer), {})


def find_output(layer: str, outputs: Mapping[str, Any], name: str) -> Any:
    """The output of a layer under its current name or else its former one; None if both are missing."""
    return outputs[name] if name in outputs else outputs.get(former_names(layer).get(name, name))


def make_declaration(types: Mapping[str, str], inputs: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The value of the output `RESERVED`.

    `outputs` is {field: type}, `inputs` is {layer: {field: type}}, with the types of `contract_types`. For
    tools of the last release, `gives` and `reads` hold the same with the former names of fields and types.
    """
    return {
        "outputs": types,
        "inputs": inputs,
        "gives": {name: contract_types.legacy_name(type_name) for name, type_name in types.items()},
        "reads": {
            layer: {
                former_names(layer).get(name, name): contract_types.legacy_name(type_name)
                for name, type_name in used.items()
            }
            for layer, used in inputs.items()
        },
    }


def export_outputs(outputs: Contract, *, inputs: Sequence[Contract] = ()) -> None:
    """Make the contract's values the outputs of the running program's stack. Call it at the program's end.

    `inputs` are the contracts that the program loaded. The fields of them that it used are exported as well.
    """
    former = outputs.former_names()
    for item in fields(outputs):
        for name in (item.name, former.get(item.name, item.name)):
            pulumi.export(name, getattr(outputs, item.name))
    used = dict(cast("_UpstreamContract", upstream).close() for upstream in inputs)
    pulumi.export(RESERVED, make_declaration(outputs.types(), used))


def load_outputs(contract: type[C]) -> C:
    """The outputs of the producer's stack in the same environment. Each is looked up on first use.

    A used output that is missing or has another type fails the deployment. Raises ContractError if there are
    placeholders outside of a preview.
    """
    return cast(C, _UpstreamContract(contract))


class _UpstreamContract:
    """A contract whose fields come from its producer's stack. It records which fields are used."""

    def __init__(self, contract: type[Contract]) -> None:
        producer = contract.producer
        self._contract, types = contract, contract.types()
        self._types = {item.name: types[item.name] for item in fields(contract)}
        self._used: dict[str, pulumi.Output[Any]] = {}
        self._closed = False
        layer, missing = producer.layer, placeholders.get()
        self._placeholders = {name for name in self._types if missing & {layer, f"{layer}.{name}"}}
        if self._placeholders and not pulumi.runtime.is_dry_run():
            raise ContractError(
                f"The outputs of {producer.name} have placeholders, which only a preview may use."
                f" Deploy {producer.name} first"
            )
        # A reference to an empty stack has no outputs. A reference to a stack that does not exist fails.
        if self._placeholders != set(self._types):
            # Backends without organizations, such as files and S3, use the name "organization".
            self._stack = pulumi.StackReference(
                f"{pulumi.get_organization()}/{producer.name}/{pulumi.get_stack()}"
            )

    def __getattr__(self, name: str) -> pulumi.Output[Any]:
        if name not in self._types:
            raise AttributeError(f"{self._contract.__name__} has no {name}")
        if name not in self._used:
            if self._closed:
                raise ContractError(
                    f"{name} is used after export_outputs, which declares the fields in use. Use it before"
                )
            self._used[name] = self._look_up(name)
        return self._used[name]

    def close(self) -> tuple[str, dict[str, str]]:
        """The layer, and the types of its fields that were used. No further field can be used."""
        self._closed = True
        return self._contract.producer.layer, {name: self._types[name] for name in sorted(self._used)}

    def _look_up(self, name: str) -> pulumi.Output[Any]:
        producer, type_name = self._contract.producer, self._types[name]
        if name in self._placeholders:
            return pulumi.Output.from_input(contract_types.make_placeholder(producer.layer, name, type_name))

        def check(value: Any) -> Any:
            if value is None:
                raise _missing_error(self._contract, [name])
            if not contract_types.matches_type(value, type_name):
                actual = contract_types.value_type(value)
                raise ContractError(
                    f"{producer.name} exports {name} as {actual} instead of {type_name}."
                    f" Deploy a version of {producer.name} that exports {type_name}"
                )
            return value

        return self._get_output(name).apply(check)

    def _get_output(self, name: str) -> pulumi.Output[Any]:
        """The output under its current name or, from a stack of the last release, its former one."""
        former_name = self._contract.former_names().get(name)
        if former_name is None:
            return self._stack.get_output(name)
        return pulumi.Output.all(self._stack.get_output(name), self._stack.get_output(former_name)).apply(
            lambda values: values[1] if values[0] is None else values[0]
        )


def read_outputs(contract: type[C], outputs: Mapping[str, Any]) -> C:
    """The contract with plain values, from the outputs of a stack as the engine returns them.

    Raises ContractError, which names the missing outputs without a default. Further outputs are ignored.
    """
    former = contract.former_names()
    sources = {
        item.name: item.name if item.name in outputs else former.get(item.name, item.name)
        for item in fields(contract)
    }
    missing = [name for name, source in sources.items() if source not in outputs]
    if required := [name for name in missing if name not in contract.optional_names()]:
        raise _missing_error(contract, required)
    return contract(**{name: outputs[source] for name, source in sources.items() if name not in missing})


def visible_outputs(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a stack without the reserved one."""
    return {name: value for name, value in outputs.items() if name != RESERVED}


def require_string(value: pulumi.Input[str]) -> str:
    """A plain string of a contract from `read_outputs`. Raises ContractError for any other value."""
    if isinstance(value, str):
        return value
    raise ContractError(
        f"The output is {type(value).__name__} instead of a string. Read it with read_outputs"
    )


def _missing_error(contract: type[Contract], names: Sequence[str]) -> ContractError:
    return ContractError(
        f"{contract.producer.name} does not export {', '.join(names)}."
        f" Deploy the layer {contract.producer.layer} first"
    )
