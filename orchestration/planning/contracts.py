"""What a layer's neighbours have to do with its deployment: what stands in for their outputs in a preview,
whether contracts hold, and who should be deployed again afterwards.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from orchestration.environments import Environment
from orchestration.layers import LAYERS, Layer, dependants
from orchestration.planning import compatibility
from orchestration.planning.compatibility import Declared, Types, of_outputs
from orchestration.pulumi.results import Outcome
from shared import contracts
from terminal.output import say

Outputs = Mapping[str, Any]


class OutputsEngine(Protocol):
    """What this needs of the engine."""

    def outputs(self, layer: Layer) -> Outputs | None: ...
    def exported(self, layer: Layer) -> dict[str, Any]: ...


class Neighbours:
    """The deployed layers as their outputs show them, each looked up once: a look costs a run of the CLI."""

    def __init__(
        self, environment: Environment, engine: OutputsEngine, all_layers: Sequence[Layer] = LAYERS
    ) -> None:
        self._environment = environment
        self._engine = engine
        self._by_name = {layer.name: layer for layer in all_layers}
        self._projects = {layer.project: layer.name for layer in all_layers}
        self._known: dict[str, Outputs] = {}

    def outputs(self, name: str) -> Outputs:
        """The outputs of a layer by name; empty if it is not deployed."""
        known = self._known.get(name)
        if known is None:
            # Two that look at the same time do no harm, and neither waits for the other.
            known = self._engine.outputs(self._by_name[name]) or {}
            self._known.setdefault(name, known)
        return self._known[name]

    def learn(self, layer: Layer, outputs: Outputs) -> None:
        """Take note of what a layer gives now."""
        self._known[layer.name] = outputs

    def placeholders(self, layer: Layer, coming: Collection[Layer]) -> frozenset[str]:
        """What `layer` may read and is not there: layers, or single fields as `layer.field`.

        A field can only be awaited of a layer that is deployed in the same run, one of `coming`.
        """
        names = {other.name for other in coming}
        return frozenset(
            found
            for name in layer.depends_on
            for found in self._lacking(name)
            if found == name or name in names
        )

    def check_contracts(self, coming: Collection[Layer], planned: Mapping[str, Outputs]) -> None:
        """Raise UserError if a layer would miss what it reads, or give no longer what a deployed one reads.

        `planned` are the outputs of previews by layer. Without one, what a layer reads is left to its
        program, and what it gives is what its contract says.
        """
        for layer in coming:
            if layer.name in planned:
                reads = of_outputs(planned[layer.name]).reads or {}
                # An older program may read others than this tree's.
                upstream = {
                    name: planned.get(name) or self.outputs(name) for name in reads if name in self._by_name
                }
                if problems := compatibility.missing(layer.name, reads, upstream):
                    raise compatibility.refusal_of_missing(problems, self._environment.name)
            consumers = self._consumers(layer, coming)
            if not consumers:
                continue
            gives = of_outputs(planned[layer.name]).gives if layer.name in planned else _promised(layer)
            given = of_outputs(self.outputs(layer.name)).gives
            if problems := compatibility.broken(layer.name, gives, consumers, given=given):
                raise compatibility.refusal_of_broken(problems)

    def changed_inputs(self, layer: Layer) -> list[str]:
        """The outputs of others that `layer` uses and that are others than it was deployed with.

        As `layer.field`.
        """
        seen = compatibility.seen_outputs(self._engine.exported(layer).get("resources") or [], self._projects)
        current = {name: self.outputs(name) for name in layer.depends_on}
        declared = of_outputs(self.outputs(layer.name))
        reads = {name: declared.uses(name, of_outputs(current[name]).gives) for name in current}
        changed = compatibility.stale(layer.name, seen, current, reads)
        return [f"{one.producer}.{one.field}" for one in changed]

    def outdated(self, updated: Mapping[Layer, Outcome]) -> dict[str, list[str]]:
        """Which deployed consumers the updates of others made stale, and what changed, as `layer.field`."""
        changed = {layer.name for layer, outcome in updated.items() if outcome.changes_outputs}
        for layer, outcome in updated.items():
            self.learn(layer, outcome.outputs)
        consumers = [
            layer
            for layer in self._by_name.values()
            if layer not in updated and changed & {*layer.depends_on} and self.outputs(layer.name)
        ]
        found = {
            layer.name: [field for field in self.changed_inputs(layer) if field.partition(".")[0] in changed]
            for layer in consumers
        }
        return {name: fields for name, fields in found.items() if fields}

    def _consumers(self, layer: Layer, besides: Collection[Layer]) -> dict[str, Declared]:
        """What the deployed layers that read `layer` declare, without those `besides`."""
        names = [
            other.name for other in dependants(layer, list(self._by_name.values())) if other not in besides
        ]
        return {name: of_outputs(self.outputs(name)) for name in names if self.outputs(name)}

    def _lacking(self, name: str) -> Iterable[str]:
        outputs = self.outputs(name)
        if not outputs:
            return [name]
        given, promised = of_outputs(outputs).gives, _promised(self._by_name[name])
        return [
            f"{name}.{field}"
            for field, words in promised.items()
            if field not in outputs or given.get(field) != words
        ]


def say_outdated(environment: Environment, outdated: Mapping[str, Sequence[str]]) -> None:
    """Tell the user which layers were deployed with values that are others now, and what to run."""
    for consumer, fields in outdated.items():
        say(f"{consumer} is stale: it was deployed with another value of {', '.join(fields)}.")
    if outdated:
        chosen = " ".join(f"--layer {name}" for name in outdated)
        say(f"Deploy it again: invoke deploy --env {environment.name} {chosen}")


def _promised(layer: Layer) -> Types:
    """What this tree's contract of the layer says that it gives; nothing if there is none."""
    found = [contract for contract in contracts.CONTRACTS if contract.producer.layer == layer.name]
    return compatibility.gives_of(found[0]) if found else {}
