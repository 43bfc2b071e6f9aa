"""Copies of recorded programs with a mistake, to see it found."""

import json
from collections.abc import Mapping
from dataclasses import replace

from tests.stacks.recording import Program, Recorded


def without_statement(
    programs: Mapping[str, Program], layer: str, type_: str, name: str, sid: str
) -> dict[str, Program]:
    """The programs, with one statement taken out of a policy. Raises AssertionError if it is not there."""

    def take_out(resource: Recorded) -> Recorded:
        if (resource.type, resource.name) != (f"aws:{type_}", name):
            return resource
        document = resource.document()
        statements = [each for each in document["Statement"] if each.get("Sid") != sid]
        assert len(statements) < len(document["Statement"]), f"{type_} {name} has no statement {sid}"
        return replace(
            resource, inputs={**resource.inputs, "policy": json.dumps({**document, "Statement": statements})}
        )

    changed = replace(programs[layer], resources=[take_out(each) for each in programs[layer].resources])
    return {**programs, layer: changed}
