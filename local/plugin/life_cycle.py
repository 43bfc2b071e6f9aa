"""The life cycle that all resource types share: names, defaults, diffs, tags and the format of the state."""

import re

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from local.plugin.errors import InitializationError, PluginError, format_error, is_not_found
from local.plugin.properties import Property, differing_fields, property_problems, same_value
from local.plugin.resource import Resource
from local.plugin.values import Plain, Props, has_unknown


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

    def diff(self, state: Props, old_inputs: Props, new_inputs: Props) -> DiffResponse:
        """Compare the declared inputs with the state; `old_inputs` only affect the display of a change."""
        changed = self.changed_properties(state, new_inputs)
        replaces = sorted(name for name, replace in changed.items() if replace)
        detailed = {}
        for name, replace in changed.items():
            declared = self.properties[name]
            values = [source.get(name) for source in (state, old_inputs, new_inputs)]
            fields = differing_fields(declared, values[0], values[2])
            for field, declared_field in fields.items():
                current, old, new = (
                    value.get(field) if isinstance(value, dict) else None for value in values
                )
                detailed[f"{name}.{field}"] = _property_diff(
                    declared_field, current, old, new, replace=replace
                )
            if not fields:
                detailed[name] = _property_diff(declared, *values, replace=replace)
        return DiffResponse(
            changes=bool(changed),
            replaces=replaces,
            diffs=sorted(changed),
            detailed_diff=detailed,
            delete_before_replace=bool(replaces) and self.deletes_first(state, new_inputs),
        )

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
        every_property = {key for key, p in self.properties.items() if key in inputs or not p.computed}
        changed = set(self.changed_properties(state, inputs)) or every_property
        if changed - {"tags"}:
            self.resource.update(resource_id, state, self._with_all_tags(inputs), changed)
        if "tags" in self.properties:
            identifier = state.get("arn", resource_id) if self.resource.tag_api.by_arn else resource_id
            self.resource.change_tags(identifier, state.get("tagsAll", {}), self._all_tags(inputs))
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


def _property_diff(declared: Property, was: Plain, old: Plain, new: Plain, *, replace: bool) -> PropertyDiff:
    # If only AWS changed the property, the state is compared with the inputs.
    from_inputs = not same_value(declared, old, new)
    return PropertyDiff(_diff_kind(old if from_inputs else was, new, replace=replace), from_inputs)


def _diff_kind(before: object, after: object, *, replace: bool) -> PropertyDiffKind:
    kind = "ADD" if before is None else "DELETE" if after is None else "UPDATE"
    return PropertyDiffKind[f"{kind}_REPLACE" if replace else kind]
