"""The base class of the resource types, and the life cycle that they share.

A type declares its input properties and makes the AWS calls. The life cycle owns names, defaults, comparison,
tags and the format of the state.
"""

import re
from collections.abc import Mapping
from typing import ClassVar

from local.plugin.aws import Aws
from local.plugin.errors import InitializationError, PluginError, format_error, is_not_found
from local.plugin.properties import Property, property_problems, same_value
from local.plugin.values import Props, has_unknown

REGION = {"region": Property(computed=True, replace=True)}
TAGS = {"tags": Property(default={})}


class Resource:
    """One resource type. Values are plain (see `local.plugin.values`).

    pulumi_type: the Pulumi type.
    properties: its inputs.
    identity: the inputs that must be unique in AWS. A replacement that keeps them deletes the old resource
    first.
    changing_outputs: the outputs that change with an input, so that a preview cannot know them.

    Inputs that the methods receive have defaults, and their `tags` include the provider's default tags. The
    result of `read` omits inputs that AWS does not return; the state keeps their declared values.
    """

    pulumi_type: ClassVar[str]
    properties: ClassVar[Mapping[str, Property]]
    identity: ClassVar[tuple[str, ...]] = ()
    changing_outputs: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def create(self, inputs: Props) -> str:
        """Create the resource; returns its Pulumi id."""
        raise NotImplementedError

    def configure(self, resource_id: str, inputs: Props) -> None:
        """Apply settings that the creation does not accept. If this fails, the engine stores the resource."""

    def read(self, resource_id: str, state: Props) -> Props | None:
        """The current inputs and outputs; None, or a not-found error of AWS, if the resource does not exist.

        `state` is the last state or the declared inputs. It is empty for an import.
        """
        raise NotImplementedError

    def update(self, resource_id: str, old: Props, new: Props, changed: set[str]) -> None:
        """Apply the changed properties."""
        raise NotImplementedError

    def delete(self, resource_id: str, state: Props) -> None:
        """Delete the resource; may raise a not-found error of AWS."""
        raise NotImplementedError

    def is_unchanged(self, name: str, state: Props, inputs: Props) -> bool:
        """Whether an input equals the state; overridden by types whose comparison needs other properties."""
        return same_value(self.properties[name], state.get(name), inputs.get(name))


class LifeCycle:
    """The life cycle of one resource type."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.kind = resource.pulumi_type
        self.properties = resource.properties
        self.aws = resource.aws

    def check(self, inputs: Props) -> list[tuple[str, str]]:
        """(property, reason) for every unsupported input."""
        problems = list(property_problems(self.properties, inputs))
        region = inputs.get("region", self.aws.region)
        if "region" in self.properties and region != self.aws.region and not has_unknown(region):
            reason = f"is {region}, not the provider's region {self.aws.region}. Remove it."
            problems.append(("region", reason))
        return problems

    def with_autonames(self, name: str, inputs: Props, old_inputs: Props, seed: bytes) -> Props:
        """The inputs with generated names: the earlier name, or the logical name and seven hex digits."""
        result = dict(inputs)
        for key, declared in self.properties.items():
            if declared.autoname and result.get(key) is None:
                old = str(old_inputs.get(key, ""))
                is_generated = re.fullmatch(re.escape(name) + r"-[0-9a-f]{7}", old)
                result[key] = old if is_generated else f"{name}-{seed.hex()[:7]}"
        return result

    def changed_properties(self, state: Props, inputs: Props) -> dict[str, bool]:
        """The properties that differ from the state; True if the change replaces the resource."""
        result = {}
        for key, declared in self.properties.items():
            old, new = state.get(key), inputs.get(key)
            if (new is None and declared.computed) or self.resource.is_unchanged(key, state, inputs):
                continue
            result[key] = declared.replaces(old, new)
        if state.get("region", self.aws.region) != self.aws.region:
            result["region"] = True
        if "tags" in self.properties and self._all_tags(inputs) != state.get("tagsAll", {}):
            result["tags"] = False
        return result

    def deletes_first(self, state: Props, inputs: Props) -> bool:
        """Whether the replacement and the old resource cannot exist at the same time."""
        identity = self.resource.identity
        return bool(identity) and all(
            same_value(self.properties[key], state.get(key), inputs.get(key)) for key in identity
        )

    def plan_outputs(self, inputs: Props, state: Props) -> Props:
        """The outputs that a preview can know; the other ones are omitted, which means unknown."""
        computed = {key for key, declared in self.properties.items() if declared.computed}
        outputs = {
            key: value for key, value in state.items() if key in computed or key not in self.properties
        }
        for changed in self.changed_properties(state, inputs) if state else ():
            for output in self.resource.changing_outputs.get(changed, ()):
                outputs.pop(output, None)
        planned = {**outputs, **self._with_defaults(inputs)}
        if "tags" in self.properties and not has_unknown(planned.get("tags")):
            planned["tagsAll"] = self._all_tags(inputs)
        return planned

    def create(self, inputs: Props) -> tuple[str, Props]:
        """Create, configure and read the resource; returns id and outputs.

        Raises InitializationError if the resource was created but not configured.
        """
        full = self._with_all_tags(inputs)
        resource_id = self.resource.create(full)
        try:
            self.resource.configure(resource_id, full)
            return resource_id, self._read_back(resource_id, inputs)
        except Exception as error:
            message = format_error(self.kind, error)
            raise InitializationError(message, resource_id, self.plan_outputs(inputs, {})) from error

    def update(self, resource_id: str, state: Props, inputs: Props) -> Props:
        """Apply the changed properties and read the resource; returns its outputs."""
        # An update without a change completes a creation that failed, so it applies all properties.
        changed = set(self.changed_properties(state, inputs)) or set(self.properties)
        old = {**state, "tags": state.get("tagsAll", {})}
        self.resource.update(resource_id, old, self._with_all_tags(inputs), changed)
        return self._read_back(resource_id, {**self._computed_values(state), **inputs})

    def read(self, resource_id: str, state: Props) -> Props | None:
        """The current outputs, with declared values where they are equivalent; None if it does not exist."""
        try:
            actual = self.resource.read(resource_id, state)
        except Exception as error:
            if is_not_found(error):
                return None
            if isinstance(error, KeyError) and not state:
                raise PluginError(
                    f"{self.kind}: {resource_id} cannot be imported by its id alone."
                    " Create the resource with Pulumi instead."
                ) from error
            raise
        return None if actual is None else self._merge_outputs(state, actual)

    def delete(self, resource_id: str, state: Props) -> None:
        """Delete the resource, if it exists."""
        try:
            self.resource.delete(resource_id, state)
        except Exception as error:
            if not is_not_found(error):
                raise

    def inputs_from(self, outputs: Props, old_inputs: Props) -> Props:
        """The inputs of an imported or refreshed resource: the old ones, and those without default values."""
        return {
            key: outputs[key]
            for key, declared in self.properties.items()
            if outputs.get(key) is not None
            and (key in old_inputs or not (declared.computed or same_value(declared, outputs[key], None)))
        }

    def _with_defaults(self, inputs: Props) -> Props:
        defaults = {key: p.default for key, p in self.properties.items() if p.default is not None}
        return {**defaults, **inputs}

    def _computed_values(self, state: Props) -> Props:
        return {key: state[key] for key, p in self.properties.items() if p.computed and key in state}

    def _read_back(self, resource_id: str, inputs: Props) -> Props:
        declared = self._with_defaults(inputs)
        actual = self.resource.read(resource_id, declared)
        if actual is None:
            raise PluginError(
                f"{resource_id} does not exist immediately after it was written. Run the update again."
            )
        return self._merge_outputs(declared, actual)

    def _merge_outputs(self, declared: Props, actual: Props) -> Props:
        actual = self._with_split_tags(declared, actual)
        merged = dict(declared)
        for key, value in actual.items():
            prop = self.properties.get(key)
            if prop is None or not same_value(prop, declared.get(key), value):
                merged[key] = value
        if "region" in self.properties:
            merged["region"] = self.aws.region
        return {key: value for key, value in merged.items() if value is not None}

    def _all_tags(self, inputs: Props) -> dict[str, str]:
        return {**self.aws.default_tags, **(inputs.get("tags") or {})}

    def _with_all_tags(self, inputs: Props) -> Props:
        completed = self._with_defaults(inputs)
        return {**completed, "tags": self._all_tags(inputs)} if "tags" in self.properties else completed

    def _with_split_tags(self, declared: Props, actual: Props) -> Props:
        """AWS's tags as `tagsAll`, and without the provider's default tags as `tags`."""
        if "tags" not in actual:
            return actual
        all_tags = {key: value for key, value in actual["tags"].items() if not key.startswith("aws:")}
        own = declared.get("tags") or {}
        defaults = self.aws.default_tags
        tags = {key: value for key, value in all_tags.items() if key in own or defaults.get(key) != value}
        return {**actual, "tags": tags, "tagsAll": all_tags}
