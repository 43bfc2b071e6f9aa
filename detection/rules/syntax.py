"""Reads the text of an expression with Python's own parser; nothing of it is ever run."""

import ast
import re
import warnings

LONGEST = 2_000
DEEPEST = 40

# What people bring from elsewhere, and how it is written here.
_MEANT = (
    (re.compile(r"&&?"), "and"),
    (re.compile(r"\|\|?"), "or"),
    (re.compile(r"<>"), "!="),
    (re.compile(r"!(?!=)"), "not"),
    (re.compile(r"(?<![=<>!:])=(?!=)"), "=="),
    (re.compile(r"%"), "35 % as 0.35"),
)


class UnreadableError(Exception):
    """The text is no expression; `offset` is the place among its characters that shows it."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


class Parsed:
    """An expression as a tree whose nodes know where they stand in the text. Raises UnreadableError."""

    def __init__(self, text: str) -> None:
        self._text = text
        # In brackets, so that it can go on over several lines, with comments.
        self._lines = f"({text}\n)".replace("\r", " ").split("\n")
        self.root = self._parse()

    def offset(self, node: ast.expr) -> int:
        """The place of the node's first character in the text."""
        before = self._lines[node.lineno - 1].encode()[: node.col_offset]
        return self._offset(node.lineno, len(before.decode()))

    def written(self, node: ast.expr) -> str:
        """The node as it was written, on one line."""
        return " ".join((ast.get_source_segment("\n".join(self._lines), node) or "").split())

    def _offset(self, line: int, column: int) -> int:
        return sum(len(earlier) + 1 for earlier in self._lines[: line - 1]) + column - 1

    def _parse(self) -> ast.expr:
        if not self._text.strip():
            raise UnreadableError(0, "there is no condition")
        if len(self._text) > LONGEST:
            raise UnreadableError(LONGEST, f"the expression is longer than {LONGEST} characters")
        try:
            root = _tree("\n".join(self._lines))
        except SyntaxError as error:
            raise self._explained(error) from None
        except (ValueError, MemoryError, RecursionError):
            raise UnreadableError(0, "the expression cannot be read") from None
        if (root.lineno, root.col_offset) == (1, 0):
            # 'a) or (b' would otherwise pass for '(a) or (b)', and 'a, b' for a list.
            raise UnreadableError(0, "this is not one condition: see to its brackets and commas")
        if _deeper_than(DEEPEST, root):
            raise UnreadableError(0, f"the expression is more than {DEEPEST} levels deep")
        return root

    def _explained(self, error: SyntaxError) -> UnreadableError:
        text = self._text
        if "comma" in error.msg:
            # In brackets, Python takes what does not belong there for part of a list, and tells of all of it.
            error = _without_brackets(text) or error
        offset = min(self._offset(error.lineno or 1, (error.offset or 1) - 1), len(text))
        if "unmatched" in error.msg or "never closed" in error.msg:
            return UnreadableError(max(offset, 0), "brackets that do not match")
        for sign, meant in _MEANT:
            # Python's parser notices some signs only after them, and an assignment at what stands before it.
            places = [sign.match(text, at) for at in (offset - 1, offset, len(text.rstrip()) - 1) if at >= 0]
            if "'=='" in error.msg:
                places.append(sign.search(text, max(offset, 0)))
            if found := next(filter(None, places), None):
                return UnreadableError(found.start(), f"'{found[0]}' means nothing here: write {meant}")
        if not text[offset:].strip():
            return UnreadableError(offset, "the expression ends too early")
        return UnreadableError(max(offset, 0), f"this cannot be read: {error.msg}")


def _tree(text: str) -> ast.expr:
    with warnings.catch_warnings():
        # Of what Python wonders at, the compiler refuses all.
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body


def _without_brackets(text: str) -> SyntaxError | None:
    try:
        _tree(text.replace("\n", " "))
    except SyntaxError as error:
        # One more, as behind the bracket that all else is counted with.
        error.offset = (error.offset or 0) + 1
        return error
    return None


def _deeper_than(levels: int, root: ast.AST) -> bool:
    """Looked at level by level: calls would go as deep as the tree does."""
    level = [root]
    for _ in range(levels):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)
