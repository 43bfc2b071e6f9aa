"""Positions of a YAML scalar's characters in its file, across quotes, escapes, folds and indentation."""

from yaml.nodes import ScalarNode

_ESCAPE_DIGITS = {"x": 4, "u": 6, "U": 10}
_BLOCK_STYLES = ("|", ">")


def character_positions(scalar: ScalarNode, text: str) -> list[int]:
    """The position in `text`, the whole file, of each character of the scalar's value, and of its end.

    The position of a space that replaces a line break can be that of an adjacent blank.
    """
    index = _skip_properties(scalar, text)
    if scalar.style in _BLOCK_STYLES:
        # The first line holds the block indicators, such as '>-'.
        index = text.find("\n", index) + 1
    elif scalar.style:
        index += 1
    positions = []
    for character in scalar.value:
        if not character.isspace():
            index = _skip_blanks(scalar, text, index)
        positions.append(index)
        if not character.isspace() or text[index : index + 1].isspace() or text[index : index + 1] == "\\":
            index += _written_length(scalar, text, index)
    return [*positions, index]


def _skip_properties(scalar: ScalarNode, text: str) -> int:
    """The position after an anchor or a tag, if the scalar has one."""
    index: int = scalar.start_mark.index
    while index < scalar.end_mark.index and text[index] in "&!":
        while not text[index].isspace():
            index += 1
        index = _skip_blanks(scalar, text, index)
    return index


def _skip_blanks(scalar: ScalarNode, text: str, index: int) -> int:
    """The position after blanks and, in double quotes, escaped line breaks."""
    while index < scalar.end_mark.index:
        escaped_break = scalar.style == '"' and text[index : index + 2] in ("\\\n", "\\\r")
        if not (text[index].isspace() or escaped_break):
            break
        index += 2 if escaped_break else 1
    return index


def _written_length(scalar: ScalarNode, text: str, index: int) -> int:
    """The number of characters in the file that encode the character at `index`."""
    if scalar.style == '"' and text[index : index + 1] == "\\":
        return _ESCAPE_DIGITS.get(text[index + 1], 2)
    return 2 if scalar.style == "'" and text.startswith("''", index) else 1
