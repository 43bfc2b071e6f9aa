"""Field descriptions of the models that clients post, read from the models' type annotations."""

from typing import NamedTuple, get_args

from msgspec import Meta, Struct, structs


class Field(NamedTuple):
    """A field of a model. `description` states the values that the field accepts."""

    name: str
    type: object
    required: bool
    description: str


def describe_fields(model: type[Struct]) -> tuple[Field, ...]:
    """The fields of `model` in order. Raises TypeError for a field whose type has no description."""
    return tuple(
        Field(field.name, field.type, field.required, find_description(field.type))
        for field in structs.fields(model)
    )


def find_description(field_type: object) -> str:
    """The description in the annotation of a type. Raises TypeError for a type without one."""
    for part in (field_type, *get_args(field_type)):
        for annotation in getattr(part, "__metadata__", ()):
            if isinstance(annotation, Meta) and annotation.description:
                return annotation.description
    raise TypeError(f"{field_type} has no description: add Meta(description=…) to its annotation")
