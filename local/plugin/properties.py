"""How one input property is declared: what it may be, what it defaults to, when two values are the same.

A property that is not declared for a type is refused, at every depth, so nothing is dropped silently.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.plugin.values import Plain, Props, has_unknown
from shared.policy_equality import canonical_policy


@dataclass(frozen=True)
class Property:
    """One input property of a resource type, or a field of a nested block.

    default: what AWS (or pulumi_aws) assumes when the property is absent; None means "not set".
    replace: a change makes a new resource; a function decides from (old, new).
    computed: AWS chooses the value when the property is absent, so its absence is never a change.
    unordered: a list that AWS treats as a set.
    document: a JSON text, compared by meaning; "policy" also knows what IAM treats as equal.
    only: the values that can be taken because they ask for nothing; any other is refused.
    autoname: an absent name is made of the logical name and seven hexadecimal digits.
    fields: the fields of a nested block (or of each block of a list).
    api: the name in the AWS API, where it is not the property's with a capital.
    """

    default: Plain = None
    required: bool = False
    replace: bool | Callable[[Plain, Plain], bool] = False
    computed: bool = False
    unordered: bool = False
    document: str = ""
    only: tuple[Plain, ...] = ()
    autoname: bool = False
    fields: "Mapping[str, Property] | None" = None
    api: str = ""

    def replaces(self, old: Plain, new: Plain) -> bool:
        """Whether changing `old` to `new` needs a new resource."""
        return self.replace(old, new) if callable(self.replace) else self.replace


def capital(name: str) -> str:
    """`delaySeconds` as the API spells it: `DelaySeconds`."""
    return name[0].upper() + name[1:]


def to_api(fields: Mapping[str, Property], block: Props) -> dict[str, Any]:
    """A block of properties in the names of the AWS API, at every depth; absent ones take their default."""
    result = {}
    for name, field in fields.items():
        value = field.default if block.get(name) is None else block[name]
        if value is not None:
            result[field.api or capital(name)] = _each_block(field, value, to_api)
    return result


def from_api(fields: Mapping[str, Property], answer: Mapping[str, Any]) -> Props:
    """What `to_api` makes, back in property names; fields AWS did not answer are left out."""
    result = {}
    for name, field in fields.items():
        value = answer.get(field.api or capital(name))
        if value is not None:
            result[name] = _each_block(field, value, from_api)
    return result


def _each_block(
    field: Property, value: Plain, convert: Callable[[Mapping[str, Property], Any], Plain]
) -> Plain:
    if field.fields is None:
        return value
    if isinstance(value, list):
        return [convert(field.fields, item) for item in value]
    return convert(field.fields, value)


def normal(declared: Property, value: Plain) -> Plain:
    """The form in which two values of this property are equal exactly when they mean the same to AWS."""
    if value is None:
        value = declared.default
    if value in (None, "", [], {}) or has_unknown(value):
        return value or None
    if declared.document and isinstance(value, str):
        return _document(declared.document, value)
    if isinstance(value, list):
        items = [_block(declared, item) for item in value]
        return sorted(items, key=_sort_key) if declared.unordered else items
    return _block(declared, value)


def _block(declared: Property, value: Plain) -> Plain:
    if declared.fields is None or not isinstance(value, dict):
        return value
    # A field at its default says nothing, so a block of such fields is as good as none.
    given = {name: normal(field, value.get(name)) for name, field in declared.fields.items()}
    return {name: one for name, one in given.items() if one != normal(declared.fields[name], None)} or None


def _document(kind: str, text: str) -> Plain:
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    return canonical_policy(parsed) if kind == "policy" else parsed


def _sort_key(value: Plain) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def same(declared: Property, old: Plain, new: Plain) -> bool:
    """Whether two values mean the same; a value not known yet is never the same as another.

    In a nested block, a field that AWS chooses when it is absent is compared only if both have it.
    """
    if has_unknown(old) or has_unknown(new):
        return False
    if declared.fields is not None and isinstance(old, dict) and isinstance(new, dict):
        return not differing_fields(declared, old, new)
    return bool(normal(declared, old) == normal(declared, new))


def differing_fields(declared: Property, old: Plain, new: Plain) -> Mapping[str, Property]:
    """The fields in which two nested blocks differ; none where that cannot be said field by field."""
    if declared.fields is None or not isinstance(old, dict) or not isinstance(new, dict):
        return {}
    return {
        name: field
        for name, field in declared.fields.items()
        if not _same_field(field, old.get(name), new.get(name))
    }


def _same_field(field: Property, old: Plain, new: Plain) -> bool:
    return (field.computed and (old is None or new is None)) or same(field, old, new)


def problems(declared: Mapping[str, Property], inputs: Props, path: str = "") -> Iterator[tuple[str, str]]:
    """(property path, reason) for every input this type does not apply and every required one missing."""
    for name in inputs.keys() - declared.keys():
        yield path + name, "is not supported by the local aws plugin, which never ignores a property"
    for name, field in declared.items():
        value = inputs.get(name)
        if value is None:
            if field.required:
                yield path + name, "is required"
            continue
        if field.only and not has_unknown(value) and value not in field.only:
            allowed = " or ".join(json.dumps(item) for item in field.only)
            yield path + name, f"can only be {allowed} with the local aws plugin, not {json.dumps(value)}"
        if field.fields is not None:
            yield from _block_problems(field.fields, value, path + name)


def _block_problems(fields: Mapping[str, Property], value: Plain, path: str) -> Iterator[tuple[str, str]]:
    blocks = value if isinstance(value, list) else [value]
    for index, block in enumerate(blocks):
        if isinstance(block, dict):
            place = f"{path}[{index}]." if isinstance(value, list) else f"{path}."
            yield from problems(fields, block, place)
        elif not has_unknown(block):
            yield path, "must be a block of properties"
