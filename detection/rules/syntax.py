"""Syntax of expressions. Python's parser reads the text; nothing in it is ever executed."""

import ast
import re
import warnings

MAX_CHARACTERS = 2_000
MAX_DEPTH = 40

# Operators of other languages, and the equivalent in an expression.
_REPLACEMENTS = (
    (re.compile(r"&&?"), "and"),
    (re.compile(r"\|\|?"), "or"),
    (re.compile(r"<>"), "!="),
    (re.compile(r"!(?!=)"), "not"),
    (re.compile(r"(?<![=<>!:])=(?!=)"), "=="),
    (re.compile(r"%"), "0.35 for 35 %"),
)


class ExpressionSyntaxError(Exception):
    """The text is not an expression. `offset` is the position of the error in characters."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


class ParsedExpression:
    """The syntax tree of an expression. Raises ExpressionSyntaxError."""

    def __init__(self, text: str) -> None:
        self._text = text
        # Parentheses allow line breaks and comments.
        self._lines = f"({text}\n)".replace("\r", " ").split("\n")
        self.root = self._parse()

    def offset(self, node: ast.expr) -> int:
        """The offset of the node's first character in the text."""
        before = self._lines[node.lineno - 1].encode()[: node.col_offset]
        return self._offset(node.lineno, len(before.decode()))

    def source_text(self, node: ast.expr) -> str:
        """The source of the node, on one line."""
        return " ".join((ast.get_source_segment("\n".join(self._lines), node) or "").split())

    def _offset(self, line: int, column: int) -> int:
        return sum(len(earlier) + 1 for earlier in self._lines[: line - 1]) + column - 1

    def _parse(self) -> ast.expr:
        if not self._text.strip():
            raise ExpressionSyntaxError(0, "the condition is empty: write one, such as amount > limits.large")
        if len(self._text) > MAX_CHARACTERS:
            raise ExpressionSyntaxError(
                MAX_CHARACTERS, f"the expression is too long: use at most {MAX_CHARACTERS} characters"
            )
        try:
            root = _parse_tree("\n".join(self._lines))
        except SyntaxError as error:
            raise self._explain(error) from None
        except (ValueError, MemoryError, RecursionError):
            raise ExpressionSyntaxError(0, "the expression is not valid: simplify it") from None
        if (root.lineno, root.col_offset) == (1, 0):
            # Otherwise 'a) or (b' would be read as '(a) or (b)', and 'a, b' as a list.
            raise ExpressionSyntaxError(0, "not a single condition: check its parentheses and commas")
        if _is_deeper_than(MAX_DEPTH, root):
            raise ExpressionSyntaxError(
                0, f"the expression is nested too deeply: use at most {MAX_DEPTH} levels"
            )
        return root

    def _explain(self, error: SyntaxError) -> ExpressionSyntaxError:
        text = self._text
        if "comma" in error.msg:
            # Within parentheses, Python reports an unexpected token as a list that starts before it.
            error = _reparse_unwrapped(text) or error
        offset = min(self._offset(error.lineno or 1, (error.offset or 1) - 1), len(text))
        if "unmatched" in error.msg or "never closed" in error.msg:
            return ExpressionSyntaxError(
                max(offset, 0), "the parentheses do not match: add or remove the missing one"
            )
        for sign, replacement in _REPLACEMENTS:
            # Python reports some operators one character late, and an assignment at its left-hand side.
            starts = (offset - 1, offset, len(text.rstrip()) - 1)
            matches = [sign.match(text, start) for start in starts if start >= 0]
            if "'=='" in error.msg:
                matches.append(sign.search(text, max(offset, 0)))
            if match := next(filter(None, matches), None):
                return ExpressionSyntaxError(
                    match.start(), f"'{match[0]}' is not supported: use {replacement}"
                )
        if not text[offset:].strip():
            return ExpressionSyntaxError(offset, "the expression is incomplete: add the missing part")
        return ExpressionSyntaxError(max(offset, 0), f"the expression is not valid here: {error.msg}")


def _parse_tree(text: str) -> ast.expr:
    with warnings.catch_warnings():
        # The compiler rejects everything that Python warns about.
        warnings.simplefilter("ignore")
        return ast.parse(text, mode="eval").body


def _reparse_unwrapped(text: str) -> SyntaxError | None:
    try:
        _parse_tree(text.replace("\n", " "))
    except SyntaxError as error:
        # All other offsets count the opening parenthesis.
        error.offset = (error.offset or 0) + 1
        return error
    return None


def _is_deeper_than(levels: int, root: ast.AST) -> bool:
    """Walk the tree level by level, because recursion would be as deep as the tree."""
    level = [root]
    for _ in range(levels):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)
