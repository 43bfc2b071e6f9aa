"""The answer to the engine's question what an update would change, property by property."""

from pulumi.provider.experimental.provider import DiffResponse, PropertyDiff, PropertyDiffKind

from local.plugin.properties import same
from local.plugin.resource import LifeCycle
from local.plugin.values import Props

_KINDS = {
    ("add", False): PropertyDiffKind.ADD,
    ("add", True): PropertyDiffKind.ADD_REPLACE,
    ("delete", False): PropertyDiffKind.DELETE,
    ("delete", True): PropertyDiffKind.DELETE_REPLACE,
    ("update", False): PropertyDiffKind.UPDATE,
    ("update", True): PropertyDiffKind.UPDATE_REPLACE,
}


def diff(life: LifeCycle, state: Props, old_inputs: Props, new_inputs: Props) -> DiffResponse:
    """Compare what is declared with the state; `old_inputs` only decide how a change is shown."""
    changed = life.changed(state, new_inputs)
    replaces = sorted(name for name, replace in changed.items() if replace)
    detailed = {}
    for name, replace in changed.items():
        # What was changed outside the program shows as state against program.
        from_inputs = not same(life.properties[name], old_inputs.get(name), new_inputs.get(name))
        before = (old_inputs if from_inputs else state).get(name)
        detailed[name] = PropertyDiff(_kind(before, new_inputs.get(name), replace=replace), from_inputs)
    return DiffResponse(
        changes=bool(changed),
        replaces=replaces,
        diffs=sorted(changed),
        detailed_diff=detailed,
        delete_before_replace=bool(replaces) and life.deletes_first(state, new_inputs),
    )


def _kind(before: object, after: object, *, replace: bool) -> PropertyDiffKind:
    if before is None:
        return _KINDS["add", replace]
    return _KINDS["delete" if after is None else "update", replace]
