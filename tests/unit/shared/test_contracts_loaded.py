"""Contracts that a program loads and exports, under Pulumi's mocks."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import pulumi
import pytest

from shared.contracts import (
    RESERVED,
    ContractError,
    DataOutputs,
    EdgeOutputs,
    export_outputs,
    load_outputs,
    placeholders,
)
from tests.stacks.recording import record_program

DATA = "organization/fraud-data/test"
EDGE = EdgeOutputs(**{field.name: field.name for field in fields(EdgeOutputs)})
UPSTREAM = {"transactions_table_name": "t", "suspicious_queue_url": "q"}
LAST_RELEASE = {"table_name": "t", "suspicious_queue_url": "q"}


def run_consumer(
    program: Callable[[], None],
    *,
    upstream: Mapping[str, Any] | None = None,
    missing: frozenset[str] = frozenset(),
    preview: bool = False,
) -> dict[str, Any]:
    """The outputs of a program whose upstream layer `data` has the outputs `upstream`."""
    token = placeholders.set(missing)
    try:
        return record_program(program, references={DATA: dict(upstream or {})}, preview=preview).outputs
    finally:
        placeholders.reset(token)


def use_table_and_queue() -> None:
    data = load_outputs(DataOutputs)
    pulumi.export("table", data.transactions_table_name)
    pulumi.export("queue", data.suspicious_queue_url)
    export_outputs(EDGE, inputs=[data])


def test_S3_only_used_inputs_are_declared() -> None:
    outputs = run_consumer(use_table_and_queue, upstream=UPSTREAM)
    assert outputs[RESERVED]["inputs"] == {
        "data": {"suspicious_queue_url": "string", "transactions_table_name": "string"}
    }


def test_S3_program_reads_the_former_name_from_an_upstream_of_the_last_release() -> None:
    outputs = run_consumer(use_table_and_queue, upstream=LAST_RELEASE)
    assert (outputs["table"], outputs["queue"]) == ("t", "q")


def test_S3_program_prefers_the_current_name() -> None:
    outputs = run_consumer(use_table_and_queue, upstream={**UPSTREAM, "table_name": "former"})
    assert outputs["table"] == "t"


def test_S3_input_that_upstream_lacks_under_both_names_fails() -> None:
    with pytest.raises(ContractError, match="transactions_table_name"):
        run_consumer(use_table_and_queue, upstream={"suspicious_queue_url": "q"})


@pytest.mark.parametrize("name", ["transactions_table_name", "table_name"])
def test_S3_input_with_another_type_fails_under_either_name(name: str) -> None:
    with pytest.raises(ContractError, match="transactions_table_name"):
        run_consumer(use_table_and_queue, upstream={"suspicious_queue_url": "q", name: ["t"]})


def test_S3_renamed_output_is_exported_under_both_names() -> None:
    outputs = run_consumer(lambda: export_outputs(EDGE))
    assert outputs["api_function_name"] == outputs["function_name"] == "api_function_name"


def test_S3_declaration_names_former_inputs_for_the_last_release() -> None:
    outputs = run_consumer(use_table_and_queue, upstream=UPSTREAM)
    assert outputs[RESERVED]["reads"] == {"data": {"suspicious_queue_url": "text", "table_name": "text"}}
    assert outputs[RESERVED]["gives"]["function_name"] == "text"


def test_S3_input_cannot_be_used_after_export() -> None:
    def use_late() -> None:
        data = load_outputs(DataOutputs)
        export_outputs(EDGE, inputs=[data])
        pulumi.export("table", data.transactions_table_name)

    with pytest.raises(ContractError, match="transactions_table_name"):
        run_consumer(use_late, upstream=UPSTREAM)


@pytest.mark.parametrize("name", ["no_such_field", "table_name"])
def test_loaded_contract_has_only_the_fields_of_its_class(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        run_consumer(lambda: getattr(load_outputs(DataOutputs), name))


def test_S3_preview_has_placeholders_for_a_layer_that_is_not_deployed() -> None:
    outputs = run_consumer(use_table_and_queue, missing=frozenset({"data"}), preview=True)
    assert (outputs["table"], outputs["queue"]) == (
        "PLACEHOLDER-data-transactions_table_name",
        "https://placeholder.invalid/PLACEHOLDER/data/suspicious_queue_url",
    )
    assert set(outputs[RESERVED]["inputs"]["data"]) == {"transactions_table_name", "suspicious_queue_url"}


def test_S3_preview_has_a_placeholder_for_a_single_missing_field() -> None:
    missing = frozenset({"data.transactions_table_name"})
    outputs = run_consumer(
        use_table_and_queue, upstream={"suspicious_queue_url": "q"}, missing=missing, preview=True
    )
    assert (outputs["table"], outputs["queue"]) == ("PLACEHOLDER-data-transactions_table_name", "q")


@pytest.mark.parametrize("missing", ["data", "data.transactions_table_name"])
def test_S3_update_refuses_placeholders(missing: str) -> None:
    with pytest.raises(ContractError, match="placeholders"):
        run_consumer(use_table_and_queue, missing=frozenset({missing}))


def test_placeholders_of_another_layer_have_no_effect() -> None:
    missing = frozenset({"foundation", "transactions_table_name"})
    assert run_consumer(use_table_and_queue, upstream=UPSTREAM, missing=missing)["table"] == "t"
