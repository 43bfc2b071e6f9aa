"""From the text of an expression to its compiled form, or to all that is wrong with it."""

import ast
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from detection.rules import comparisons
from detection.rules.arithmetic import SIGNS, Tables, calculated, said
from detection.rules.names import instead
from detection.rules.negation import Form, opposite
from detection.rules.operands import Limits, Value, WrongError, call, leaf
from detection.rules.syntax import Parsed, UnreadableError


class Compiled(NamedTuple):
    """The `form`, with tables of amounts that it needs beside the limits; `faults` by place in the text."""

    form: Form
    tables: Mapping[str, dict[str, Decimal]]
    faults: Sequence[tuple[int, str]]


def compiled(text: str, limits: Limits) -> Compiled:
    """The condition in `text`, which may name `limits`."""
    try:
        parsed = Parsed(text)
    except UnreadableError as error:
        return Compiled(None, {}, [(error.offset, error.message)])
    compiler = _Compiler(parsed, limits)
    form = compiler.condition(parsed.root)
    if not (compiler.named or compiler.faults):
        compiler.faults.append((0, "this is the same for every transaction: it names nothing of one"))
    return Compiled(form, compiler.tables, compiler.faults)


class _Compiler:
    """Goes on after a fault: what is wrong has the form or value None."""

    def __init__(self, parsed: Parsed, limits: Limits) -> None:
        self.tables: Tables = {}
        self.faults: list[tuple[int, str]] = []
        self.named = False
        self._parsed = parsed
        self._limits = limits

    def condition(self, node: ast.expr) -> Form:
        try:
            return self._condition(node)
        except WrongError as wrong:
            self.faults.append((self._parsed.offset(wrong.node), wrong.message))
            return None

    def value(self, node: ast.expr) -> Value | None:
        try:
            return self._value(node)
        except WrongError as wrong:
            self.faults.append((self._parsed.offset(wrong.node), wrong.message))
            return None

    def _condition(self, node: ast.expr) -> Form:
        match node:
            case ast.BoolOp(values=parts):
                word = "and" if isinstance(node.op, ast.And) else "or"
                return _joined(word, [self.condition(part) for part in parts])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                form = self.condition(operand)
                return None if form is None else opposite(form)
            case ast.Compare(left=first, ops=relations, comparators=others):
                links = zip(pairwise([first, *others]), relations, strict=True)
                return _joined(
                    "and", [self._link(left, relation, right) for (left, right), relation in links]
                )
        found = self.value(node)
        if found is None:
            return None
        if found.kind != "flag":
            raise WrongError(
                node, f"{said(found)} is no condition: compare it with {instead(found.kind, '…')}"
            )
        return found.form if found.literal else [">=", found.form, 1]

    def _link(self, left: ast.expr, relation: ast.cmpop, right: ast.expr) -> Form:
        """One comparison of a chain."""
        if isinstance(relation, ast.In | ast.NotIn):
            return self._membership(left, "in" if isinstance(relation, ast.In) else "not in", right)
        sign = comparisons.SIGNS.get(type(relation))
        if sign is None:
            raise WrongError(right, "rules compare by ==, !=, >, >=, <, <= and in, not by 'is'")
        if sign in ("==", "!="):
            for flag, truth in ((left, self._truth(right)), (right, self._truth(left))):
                if truth is not None:
                    form = self.condition(flag)
                    return form if form is None or truth == (sign == "==") else opposite(form)
        one, other = self.value(left), self.value(right)
        return None if one is None or other is None else comparisons.comparison(sign, one, other, self.tables)

    def _membership(self, node: ast.expr, relation: str, members: ast.expr) -> Form:
        value = self.value(node)
        if not isinstance(members, ast.List | ast.Tuple | ast.Set):
            raise WrongError(members, f'after \'{relation}\' comes a list, such as ["US", "GB"]')
        if not members.elts:
            raise WrongError(members, "this list is empty")
        found = [self.value(member) for member in members.elts]
        if value is None or None in found:
            return None
        return comparisons.membership(relation, value, [member for member in found if member])

    def _value(self, node: ast.expr) -> Value | None:
        written = self._parsed.written(node)
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                given = [self.value(argument) for argument in arguments]
                return (
                    None if None in given else call(node, name, [value for value in given if value], written)
                )
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                factor = Value("number", -1 if isinstance(sign, ast.USub) else 1, node, written)
                return self._calculated(node, "*", factor, self.value(operand))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in SIGNS:
                return self._calculated(node, SIGNS[type(operator)], self.value(left), self.value(right))
        self.named |= isinstance(node, ast.Name) and node.id not in ("true", "false")
        return leaf(node, written, self._limits)

    def _calculated(self, node: ast.expr, sign: str, left: Value | None, right: Value | None) -> Value | None:
        if left is None or right is None:
            return None
        return calculated(node, sign, left, right, written=self._parsed.written(node), tables=self.tables)

    def _truth(self, node: ast.expr) -> bool | None:
        """Whether the node is the word true, or false; None if it is neither."""
        match node:
            case ast.Constant(value=bool() as truth):
                return truth
            case ast.Name(id="true" | "false" as name):
                return name == "true"
        return None


def _joined(word: str, forms: Sequence[Form]) -> Form:
    """The conditions of one kind side by side, however they were nested; None if one of them is."""
    if None in forms:
        return None
    parts: list[Form] = []
    for form in forms:
        parts += form[1:] if isinstance(form, list) and form[0] == word else [form]
    return parts[0] if len(parts) == 1 else [word, *parts]
