"""The types of a contract's fields, in words that can be kept in a stack's outputs: `text`, `list of text`.

It knows the shapes that outputs have, not what any layer gives.
"""

from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

TEXT = "text"
NUMBER = "number"
TRUTH = "true or false"
LIST_OF = "list of "
MAP_OF = "map of "

_SCALARS: Mapping[Any, str] = {str: TEXT, int: NUMBER, float: NUMBER, bool: TRUTH}


def of_annotation(annotation: Any) -> str:
    """The words for the type of a field, such as `pulumi.Input[str]`; TypeError for one that has none."""
    if get_origin(annotation) in (Union, UnionType):
        # pulumi.Input[T] is T, or something that will be T.
        return of_annotation(get_args(annotation)[0])
    if word := _SCALARS.get(annotation):
        return word
    origin, of = get_origin(annotation), get_args(annotation)
    if origin in (list, Sequence):
        return LIST_OF + of_annotation(of[0])
    if origin in (dict, Mapping):
        return MAP_OF + of_annotation(of[1])
    raise TypeError(f"an output cannot be a {annotation}")


def of_value(value: Any) -> str:
    """The words for a plain value; an empty list or map counts as one of texts."""
    if isinstance(value, Mapping):
        return MAP_OF + of_value(next(iter(value.values()), ""))
    if isinstance(value, list | tuple):
        return LIST_OF + of_value(next(iter(value), ""))
    return _SCALARS.get(type(value), type(value).__name__)


def fits(value: Any, words: str) -> bool:
    """Whether a plain value is of the type."""
    if words.startswith(LIST_OF):
        return isinstance(value, list | tuple) and all(fits(item, words[len(LIST_OF) :]) for item in value)
    if words.startswith(MAP_OF):
        return isinstance(value, Mapping) and all(fits(of, words[len(MAP_OF) :]) for of in value.values())
    return of_value(value) == words


def placeholder(layer: str, field: str, words: str) -> Any:
    """A value of the type that says what it stands in for, in a shape that providers accept."""
    if words.startswith(LIST_OF):
        return [placeholder(layer, field.removesuffix("s"), words[len(LIST_OF) :])]
    if words.startswith(MAP_OF):
        return {"PLACEHOLDER": placeholder(layer, field, words[len(MAP_OF) :])}
    if words in (NUMBER, TRUTH):
        return 1 if words == NUMBER else False
    if field.endswith("_arn"):
        return f"arn:aws:placeholder::000000000000:PLACEHOLDER/{layer}/{field}"
    if field.endswith("_url"):
        return f"https://placeholder.invalid/PLACEHOLDER/{layer}/{field}"
    return f"PLACEHOLDER-{layer}-{field}"
