"""Where the characters of a YAML scalar stand in the file: behind quotes, escapes, folds and indentation."""

from yaml.nodes import ScalarNode

_ESCAPED = {"x": 4, "u": 6, "U": 10}
_BLOCKS = ("|", ">")


def positions(scalar: ScalarNode, text: str) -> list[int]:
    """For each character of the scalar's value its place in `text`, the whole file, and one for its end.

    Of blanks that stand for a line break, the place may be that of a blank beside it.
    """
    at = _beginning(scalar, text)
    if scalar.style in _BLOCKS:
        # The first line holds the indicators, such as '>-'.
        at = text.find("\n", at) + 1
    elif scalar.style:
        at += 1
    found = []
    for character in scalar.value:
        if not character.isspace():
            at = _next(scalar, text, at)
        found.append(at)
        if not character.isspace() or text[at : at + 1].isspace() or text[at : at + 1] == "\\":
            at += _length(scalar, text, at)
    return [*found, at]


def _beginning(scalar: ScalarNode, text: str) -> int:
    """Behind an anchor or a tag, if there is one."""
    at: int = scalar.start_mark.index
    while at < scalar.end_mark.index and text[at] in "&!":
        while not text[at].isspace():
            at += 1
        at = _next(scalar, text, at)
    return at


def _next(scalar: ScalarNode, text: str, at: int) -> int:
    """Over blanks and, in double quotes, line breaks that are escaped."""
    while at < scalar.end_mark.index:
        escaped_break = scalar.style == '"' and text[at : at + 2] in ("\\\n", "\\\r")
        if not (text[at].isspace() or escaped_break):
            break
        at += 2 if escaped_break else 1
    return at


def _length(scalar: ScalarNode, text: str, at: int) -> int:
    """How many characters the one at this place is written with."""
    if scalar.style == '"' and text[at : at + 1] == "\\":
        return _ESCAPED.get(text[at + 1], 2)
    return 2 if scalar.style == "'" and text.startswith("''", at) else 1
