"""Diff of a resource between its state and its declared inputs, property by property."""

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from local.plugin.properties import Property, differing_fields, same_value
from local.plugin.resource import LifeCycle
from local.plugin.values import Plain, Props

_KINDS = {
    ("add", False): PropertyDiffKind.ADD,
    ("add", True): PropertyDiffKind.ADD_REPLACE,
    ("delete", False): PropertyDiffKind.DELETE,
    ("delete", True): PropertyDiffKind.DELETE_REPLACE,
    ("update", False): PropertyDiffKind.UPDATE,
    ("update", True): PropertyDiffKind.UPDATE_REPLACE,
}


def diff_resource(life: LifeCycle, state: Props, old_inputs: Props, new_inputs: Props) -> DiffResponse:
    """Compare the declared inputs with the state; `old_inputs` only affect the display of a change."""
    changed = life.changed_properties(state, new_inputs)
    replaces = sorted(name for name, replace in changed.items() if replace)
    detailed = {}
    for name, replace in changed.items():
        declared = life.properties[name]
        values = [source.get(name) for source in (state, old_inputs, new_inputs)]
        fields = differing_fields(declared, values[0], values[2])
        for field, declared_field in fields.items():
            current, old, new = (value.get(field) if isinstance(value, dict) else None for value in values)
            detailed[f"{name}.{field}"] = _property_diff(declared_field, current, old, new, replace=replace)
        if not fields:
            detailed[name] = _property_diff(declared, *values, replace=replace)
    return DiffResponse(
        changes=bool(changed),
        replaces=replaces,
        diffs=sorted(changed),
        detailed_diff=detailed,
        delete_before_replace=bool(replaces) and life.deletes_first(state, new_inputs),
    )


def _property_diff(declared: Property, was: Plain, old: Plain, new: Plain, *, replace: bool) -> PropertyDiff:
    # What was changed outside the program shows as state against program.
    from_inputs = not same_value(declared, old, new)
    return PropertyDiff(_diff_kind(old if from_inputs else was, new, replace=replace), from_inputs)


def _diff_kind(before: object, after: object, *, replace: bool) -> PropertyDiffKind:
    if before is None:
        return _KINDS["add", replace]
    return _KINDS["delete" if after is None else "update", replace]
