"""The fields of a model that clients post, with what each may hold in words."""

from typing import NamedTuple, get_args

from msgspec import Meta, Struct, structs


class Field(NamedTuple):
    """A field of a model: its name, type, whether it must be given, and what it may hold in words."""

    name: str
    type: object
    required: bool
    description: str


def fields_of(model: type[Struct]) -> tuple[Field, ...]:
    """The model's fields in their order. Raises TypeError for one whose type has no description."""
    return tuple(
        Field(field.name, field.type, field.required, _description(field.type))
        for field in structs.fields(model)
    )


def _description(field_type: object) -> str:
    for part in (field_type, *get_args(field_type)):
        for annotation in getattr(part, "__metadata__", ()):
            if isinstance(annotation, Meta) and annotation.description:
                return annotation.description
    raise TypeError(f"{field_type} has no description")
