"""Compilation of an expression: from its text to its compiled form, or to all faults in it."""

import ast
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from detection.rules import comparisons
from detection.rules.arithmetic import SIGNS, Literals, combine_operands, describe_operand
from detection.rules.names import suggest_operand
from detection.rules.negation import Form, negate_condition
from detection.rules.operands_and_functions import ExpressionError, Limits, Operand, read_call, read_leaf
from detection.rules.syntax import ExpressionSyntaxError, ParsedExpression
from functions.fraud.scoring.rules import Limit


class CompiledExpression(NamedTuple):
    """The compiled form of an expression.

    `literals`: limits that the form needs in addition to those of the file. `faults`: messages, each with its
    offset in the text in characters.
    """

    form: Form
    literals: Mapping[str, Limit]
    faults: Sequence[tuple[int, str]]


def compile_expression(text: str, limits: Limits) -> CompiledExpression:
    """Compile the condition in `text`, which can refer to `limits`."""
    try:
        parsed = ParsedExpression(text)
    except ExpressionSyntaxError as error:
        return CompiledExpression(None, {}, [(error.offset, error.message)])
    compiler = _Compiler(parsed, limits)
    form = compiler.compile_condition(parsed.root)
    if not (compiler.uses_names or compiler.faults):
        compiler.faults.append(
            (0, "the condition is the same for every transaction: use a field or feature of the transaction")
        )
    return CompiledExpression(form, compiler.literals, compiler.faults)


class _Compiler:
    """Compiles all parts, also after a fault: the form or operand of a faulty part is None."""

    def __init__(self, parsed: ParsedExpression, limits: Limits) -> None:
        self.literals: Literals = {}
        self.faults: list[tuple[int, str]] = []
        self.uses_names = False
        self._parsed = parsed
        self._limits = limits

    def compile_condition(self, node: ast.expr) -> Form:
        try:
            return self._condition(node)
        except ExpressionError as error:
            self._add_fault(error)
            return None

    def _compile_operand(self, node: ast.expr) -> Operand | None:
        try:
            return self._operand(node)
        except ExpressionError as error:
            self._add_fault(error)
            return None

    def _add_fault(self, error: ExpressionError) -> None:
        self.faults.append((self._parsed.offset(error.node), error.message))

    def _condition(self, node: ast.expr) -> Form:
        match node:
            case ast.BoolOp(values=parts):
                connective = "and" if isinstance(node.op, ast.And) else "or"
                return _join_conditions(connective, [self.compile_condition(part) for part in parts])
            case ast.UnaryOp(op=ast.Not(), operand=negated):
                form = self.compile_condition(negated)
                return None if form is None else negate_condition(form)
            case ast.Compare(left=first, ops=relations, comparators=rest):
                links = zip(pairwise([first, *rest]), relations, strict=True)
                return _join_conditions(
                    "and", [self._link(left, relation, right) for (left, right), relation in links]
                )
        operand = self._compile_operand(node)
        if operand is None:
            return None
        if operand.kind != "flag":
            raise ExpressionError(
                node,
                f"{describe_operand(operand)} is not a condition: "
                f"compare it with {suggest_operand(operand.kind, '…')}",
            )
        return operand.form if operand.is_literal else [">=", operand.form, 1]

    def _link(self, left: ast.expr, relation: ast.cmpop, right: ast.expr) -> Form:
        """One comparison of a chain."""
        if isinstance(relation, ast.In | ast.NotIn):
            return self._membership(left, "in" if isinstance(relation, ast.In) else "not in", right)
        sign = comparisons.SIGNS.get(type(relation))
        if sign is None:
            raise ExpressionError(right, "'is' is not supported: use ==, !=, >, >=, <, <= or in")
        if sign in ("==", "!="):
            for flag, truth in ((left, self._truth(right)), (right, self._truth(left))):
                if truth is not None:
                    form = self.compile_condition(flag)
                    return form if form is None or truth == (sign == "==") else negate_condition(form)
        left_operand, right_operand = self._compile_operand(left), self._compile_operand(right)
        if left_operand is None or right_operand is None:
            return None
        return comparisons.compile_comparison(sign, left_operand, right_operand, self.literals)

    def _membership(self, node: ast.expr, relation: str, members: ast.expr) -> Form:
        operand = self._compile_operand(node)
        if not isinstance(members, ast.List | ast.Tuple | ast.Set):
            raise ExpressionError(members, f'\'{relation}\' needs a list, such as ["US", "GB"]')
        if not members.elts:
            raise ExpressionError(members, "the list is empty: add a value")
        compiled = [self._compile_operand(member) for member in members.elts]
        if operand is None or None in compiled:
            return None
        return comparisons.compile_membership(relation, operand, [member for member in compiled if member])

    def _operand(self, node: ast.expr) -> Operand | None:
        source = self._parsed.source_text(node)
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                compiled = [self._compile_operand(argument) for argument in arguments]
                if None in compiled:
                    return None
                return read_call(node, name, [argument for argument in compiled if argument], source)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=signed):
                factor = Operand("number", -1 if isinstance(sign, ast.USub) else 1, node, source)
                return self._combine(node, "*", factor, self._compile_operand(signed))
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in SIGNS:
                return self._combine(
                    node, SIGNS[type(operator)], self._compile_operand(left), self._compile_operand(right)
                )
        self.uses_names |= isinstance(node, ast.Name) and node.id not in ("true", "false")
        return read_leaf(node, source, self._limits)

    def _combine(
        self, node: ast.expr, sign: str, left: Operand | None, right: Operand | None
    ) -> Operand | None:
        if left is None or right is None:
            return None
        source = self._parsed.source_text(node)
        return combine_operands(node, sign, left, right, source=source, literals=self.literals)

    def _truth(self, node: ast.expr) -> bool | None:
        """The value of the literal true or false; None for any other node."""
        match node:
            case ast.Constant(value=bool() as truth):
                return truth
            case ast.Name(id="true" | "false" as name):
                return name == "true"
        return None


def _join_conditions(connective: str, forms: Sequence[Form]) -> Form:
    """One flat condition of all parts; None if a part is None."""
    if None in forms:
        return None
    parts: list[Form] = []
    for form in forms:
        parts += form[1:] if isinstance(form, list) and form[0] == connective else [form]
    return parts[0] if len(parts) == 1 else [connective, *parts]
