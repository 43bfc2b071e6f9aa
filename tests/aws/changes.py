"""Copies of recorded programs with a seeded mistake."""

import json
from collections.abc import Mapping
from dataclasses import replace

from tests.stacks.recording import RecordedProgram, RecordedResource


def remove_statement(
    programs: Mapping[str, RecordedProgram], layer: str, type_: str, name: str, sid: str
) -> dict[str, RecordedProgram]:
    """The programs without one statement of a policy. Raises AssertionError if the statement is missing."""

    def edit_resource(resource: RecordedResource) -> RecordedResource:
        if (resource.type, resource.name) != (f"aws:{type_}", name):
            return resource
        document = resource.document()
        statements = [statement for statement in document["Statement"] if statement.get("Sid") != sid]
        assert len(statements) < len(document["Statement"]), f"{type_} {name} has no statement {sid}"
        return replace(
            resource, inputs={**resource.inputs, "policy": json.dumps({**document, "Statement": statements})}
        )

    changed = replace(
        programs[layer], resources=[edit_resource(resource) for resource in programs[layer].resources]
    )
    return {**programs, layer: changed}
