"""What every resource type provides, and the life cycle that is the same for all.

A type declares its input properties and makes the AWS calls. Names, defaults, comparison, tags and the form
of the state live here, so that a type's file says only what is particular to it.
"""

import re
from collections.abc import Mapping
from typing import ClassVar

from local.plugin.aws import Aws
from local.plugin.errors import InitializationError, PluginError, is_gone, one_line
from local.plugin.properties import Property, problems, same
from local.plugin.values import Props, has_unknown

REGION = {"region": Property(computed=True, replace=True)}
TAGS = {"tags": Property(default={})}


class Resource:
    """One resource type. Values are plain (see `local.plugin.values`).

    pulumi_type: the Pulumi type. properties: its inputs. identity: the inputs that AWS lets no two resources
    share, so that a replacement which keeps them must delete first. settled_by: the outputs that a change of
    an input makes anew, so that a preview cannot know them.

    In what the methods below get, absent inputs have their default, and `tags` include the provider's default
    ones. In what `read` gives, an input that AWS does not keep is left out: its declared value stays.
    """

    pulumi_type: ClassVar[str]
    properties: ClassVar[Mapping[str, Property]]
    identity: ClassVar[tuple[str, ...]] = ()
    settled_by: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def create(self, inputs: Props) -> str:
        """Make it; the answer is the Pulumi id."""
        raise NotImplementedError

    def configure(self, resource_id: str, inputs: Props) -> None:
        """Apply what creation cannot take. A failure here leaves the resource known to the engine."""

    def read(self, resource_id: str, state: Props) -> Props | None:
        """Inputs and outputs as AWS has them; None, or AWS's not-found error, when it is gone.

        `state` holds what was last known, or declared; it is empty on import.
        """
        raise NotImplementedError

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        """Apply the changed properties."""
        raise NotImplementedError

    def delete(self, resource_id: str, state: Props) -> None:
        """Remove it; AWS's not-found errors may be let through."""
        raise NotImplementedError

    def unchanged(self, name: str, state: Props, inputs: Props) -> bool:
        """Whether an input means what the state has; for types where that takes more than the two values."""
        return same(self.properties[name], state.get(name), inputs.get(name))


class LifeCycle:
    """Runs one type's life cycle as the engine's requests need it."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.kind = resource.pulumi_type
        self.properties = resource.properties
        self.aws = resource.aws

    def check(self, inputs: Props) -> list[tuple[str, str]]:
        """(property, reason) for every input that would not be applied."""
        found = list(problems(self.properties, inputs))
        region = inputs.get("region", self.aws.region)
        if "region" in self.properties and region != self.aws.region and not has_unknown(region):
            found.append(("region", f"must be the provider's region {self.aws.region}, not {region}"))
        return found

    def with_autonames(self, name: str, inputs: Props, old_inputs: Props, seed: bytes) -> Props:
        """The inputs with absent names filled: the one made before, or the logical name and seven digits."""
        result = dict(inputs)
        for key, declared in self.properties.items():
            if declared.autoname and result.get(key) is None:
                old = str(old_inputs.get(key, ""))
                made_before = re.fullmatch(re.escape(name) + r"-[0-9a-f]{7}", old)
                result[key] = old if made_before else f"{name}-{seed.hex()[:7]}"
        return result

    def changed(self, state: Props, inputs: Props) -> dict[str, bool]:
        """The properties whose declared value differs from the state; for each, whether to replace."""
        result = {}
        for key, declared in self.properties.items():
            old, new = state.get(key), inputs.get(key)
            if (new is None and declared.computed) or self.resource.unchanged(key, state, inputs):
                continue
            result[key] = declared.replaces(old, new)
        if state.get("region", self.aws.region) != self.aws.region:
            result["region"] = True
        if "tags" in self.properties and self._all_tags(inputs) != state.get("tagsAll", {}):
            result["tags"] = False
        return result

    def deletes_first(self, state: Props, inputs: Props) -> bool:
        """Whether a replacement would collide with what it replaces."""
        identity = self.resource.identity
        return bool(identity) and all(
            same(self.properties[key], state.get(key), inputs.get(key)) for key in identity
        )

    def planned(self, inputs: Props, state: Props) -> Props:
        """Outputs as far as a preview can know them; the others are left out, which means unknown."""
        computed = {key for key, declared in self.properties.items() if declared.computed}
        kept = {key: value for key, value in state.items() if key in computed or key not in self.properties}
        for changed in self.changed(state, inputs) if state else ():
            for output in self.resource.settled_by.get(changed, ()):
                kept.pop(output, None)
        planned = {**kept, **self._completed(inputs)}
        if "tags" in self.properties and not has_unknown(planned.get("tags")):
            planned["tagsAll"] = self._all_tags(inputs)
        return planned

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Create, configure and read back: (id, outputs). InitializationError if it exists unfinished."""
        full = self._with_all_tags(inputs)
        resource_id = self.resource.create(full)
        try:
            self.resource.configure(resource_id, full)
            return resource_id, self._read_back(resource_id, inputs)
        except Exception as error:
            message = one_line(self.kind, error)
            raise InitializationError(message, resource_id, self.planned(inputs, {})) from error

    def update(self, resource_id: str, state: Props, inputs: Props) -> Props:
        """Apply what differs and read back. If nothing does, a creation is unfinished: apply all."""
        changed = set(self.changed(state, inputs)) or set(self.properties)
        old = {**state, "tags": state.get("tagsAll", {})}
        self.resource.update(resource_id, old, self._with_all_tags(inputs), changed)
        return self._read_back(resource_id, {**self._computed_of(state), **inputs})

    def read(self, resource_id: str, state: Props) -> Props | None:
        """Outputs as AWS has them now, in the declared form where that means the same; None when gone."""
        try:
            actual = self.resource.read(resource_id, state)
        except Exception as error:
            if is_gone(error):
                return None
            if isinstance(error, KeyError) and not state:
                raise PluginError(f"{self.kind}: {resource_id} cannot be imported by its id alone") from error
            raise
        return None if actual is None else self._merged(state, actual)

    def delete(self, resource_id: str, state: Props) -> None:
        """Delete; already gone is fine."""
        try:
            self.resource.delete(resource_id, state)
        except Exception as error:
            if not is_gone(error):
                raise

    def inputs_from(self, outputs: Props, old_inputs: Props) -> Props:
        """The inputs that describe `outputs`: those declared before, and others not at their default."""
        return {
            key: outputs[key]
            for key, declared in self.properties.items()
            if outputs.get(key) is not None
            and (key in old_inputs or not (declared.computed or same(declared, outputs[key], None)))
        }

    def _completed(self, inputs: Props) -> Props:
        defaults = {key: p.default for key, p in self.properties.items() if p.default is not None}
        return {**defaults, **inputs}

    def _computed_of(self, state: Props) -> Props:
        return {key: state[key] for key, p in self.properties.items() if p.computed and key in state}

    def _read_back(self, resource_id: str, inputs: Props) -> Props:
        declared = self._completed(inputs)
        actual = self.resource.read(resource_id, declared)
        if actual is None:
            raise PluginError(f"{resource_id} is gone right after it was written")
        return self._merged(declared, actual)

    def _merged(self, declared: Props, actual: Props) -> Props:
        actual = self._with_split_tags(declared, actual)
        merged = dict(declared)
        for key, value in actual.items():
            known = self.properties.get(key)
            if known is None or not same(known, declared.get(key), value):
                merged[key] = value
        if "region" in self.properties:
            merged["region"] = self.aws.region
        return {key: value for key, value in merged.items() if value is not None}

    def _all_tags(self, inputs: Props) -> dict[str, str]:
        return {**self.aws.default_tags, **(inputs.get("tags") or {})}

    def _with_all_tags(self, inputs: Props) -> Props:
        completed = self._completed(inputs)
        return {**completed, "tags": self._all_tags(inputs)} if "tags" in self.properties else completed

    def _with_split_tags(self, declared: Props, actual: Props) -> Props:
        """What AWS reports are all tags; the provider's default ones are no tags of the resource's own."""
        if "tags" not in actual:
            return actual
        everything = {key: value for key, value in actual["tags"].items() if not key.startswith("aws:")}
        own = declared.get("tags") or {}
        defaults = self.aws.default_tags
        tags = {key: value for key, value in everything.items() if key in own or defaults.get(key) != value}
        return {**actual, "tags": tags, "tagsAll": everything}
