"""Showing what was changed outside Pulumi, without touching anything: made for a nightly job."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

from rich.text import Text

from orchestration.environments import Environment
from orchestration.layers import Layer, in_words
from orchestration.planning.results_view import say_failures
from orchestration.planning.scheduler import Report, in_waves
from orchestration.pulumi.drift import Drifted
from orchestration.pulumi.property_diff import Change
from orchestration.state.locks import Locks
from terminal.errors import UserError
from terminal.output import console, print_json, say

DRIFT = 2
MAX_CHARACTERS = 80

Reports = Sequence[Report[Sequence[Drifted] | None]]


class DriftEngine(Protocol):
    """What this needs of the engine."""

    def drifted(self, layer: Layer) -> Sequence[Drifted] | None: ...
    def interrupt(self) -> None: ...


def drift(
    environment: Environment,
    engine: DriftEngine,
    locks: Locks,
    layers: Sequence[Layer],
    *,
    as_json: bool = False,
) -> int:
    """Print what differs from Pulumi's state; returns 2 if anything does, else 0.

    Raises UserError if a layer could not be looked at, also because somebody is changing it, or if none is
    deployed: a nightly job must not take that for peace.
    """

    def look(layer: Layer) -> Sequence[Drifted] | None:
        if holder := locks.holder(layer):
            raise UserError(
                f"{layer.name}: {holder} holds the stack, so what differs may be on its way.",
                f"Wait for that to end, or if it is gone: invoke recover --env {environment.name}"
                f" --layer {layer.name}",
            )
        return engine.drifted(layer)

    say(f"Comparing {in_words(layers)} in '{environment.name}' with Pulumi's state")
    reports = in_waves(layers, look, waits_for=lambda _: (), interrupt=engine.interrupt)
    if as_json:
        print_json(as_object(environment, reports))
    else:
        _print(environment, reports)
    _raise_if_failed(environment, reports)
    drifted = [report.layer for report in reports if report.result]
    if drifted:
        chosen = " ".join(f"--layer {layer.name}" for layer in drifted)
        say(f"To put it back: invoke deploy --env {environment.name} {chosen}")
    return DRIFT if drifted else 0


def as_object(environment: Environment, reports: Reports) -> dict[str, Any]:
    """What was found, for scripts; the result of a layer is drift, none, not deployed or failed."""
    return {
        "environment": environment.name,
        "drift": any(report.result for report in reports),
        "layers": [
            {
                "layer": report.layer.name,
                "result": _result(report),
                "reason": report.reason,
                "seconds": round(report.seconds, 3),
                "resources": [one.as_dict() for one in report.result or ()],
            }
            for report in reports
        ],
    }


def _result(report: Report[Sequence[Drifted] | None]) -> str:
    if report.error:
        return "failed"
    if report.result is None:
        return "not deployed"
    return "drift" if report.result else "none"


def _print(environment: Environment, reports: Reports) -> None:
    drifted = [report for report in reports if report.result]
    if drifted:
        console.print(Text(f"Changed outside Pulumi in '{environment.name}'", "bold"))
    for report in drifted:
        console.print(Text(report.layer.name, "bold"))
        for one in report.result or ():
            told = (" is gone", "bold red") if one.gone else "" if one.changes else " differs"
            console.print(Text.assemble("  ", one.resource, told))
            width = max((len(change.path) for change in one.changes), default=0)
            for change in one.changes:
                console.print(Text.assemble("    ", (f"{change.path:<{width}}", "cyan"), "  ", _text(change)))
    for result, text in (("none", "as Pulumi left it"), ("not deployed", "not deployed")):
        if found := [report.layer for report in reports if _result(report) == result]:
            console.print(Text(f"{in_words(found)}: {text}"))


def _text(change: Change) -> str:
    if change.secret:
        return "another secret"
    if change.was is None and change.now is None:
        return "changed"
    return f"{_value(change.was)} → {_value(change.now)}"


def _value(value: Any) -> str:
    text = "none" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"


def _raise_if_failed(environment: Environment, reports: Reports) -> None:
    if failures := say_failures(reports):
        raise UserError(f"Not compared: {failures}.")
    if all(report.result is None for report in reports):
        raise UserError(
            f"Nothing of {in_words(report.layer for report in reports)} is deployed in '{environment.name}'.",
            f"Deploy it first: invoke deploy --env {environment.name}",
        )
