"""Expressions of metrics: sums of columns with coefficients, read by a small parser; nothing is executed.

An expression holds numbers, columns, the constants ``weeks`` and ``brands``, and ``total(column)``, joined
by ``+ - *`` and parentheses. It must be linear in columns, since a sum over rows of a product is not the
product of the sums. ``table.column`` names the table of a column.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

CONSTANTS = ("weeks", "brands")


class Term(NamedTuple):
    """Coefficient × constants × at most one column."""

    coefficient: float
    constants: tuple[str, ...] = ()
    column: str = ""
    table: str = ""
    """The table named in the expression; "" for the metric's own."""
    total: bool = False


Expression = tuple[Term, ...]


def parse(text: str) -> Expression:
    """Read an expression that is linear in columns.

    Parameters
    ----------
    text : str
        For instance ``"revenue - cost_of_goods"`` or ``"brands * members.store_weeks"``.

    Returns
    -------
    tuple of Term
        The terms, to be added.

    Raises
    ------
    ValueError
        If the text holds anything else, or a product of two columns.

    Examples
    --------
    >>> [(term.coefficient, term.column) for term in parse("52 * (sales - order)")]
    [(52.0, 'sales'), (-52.0, 'order')]
    """
    try:
        return _terms(ast.parse(text, mode="eval").body)
    except SyntaxError:
        raise ValueError(f"{text!r} is no expression") from None
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None


def _terms(node: ast.expr) -> Expression:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return (Term(float(node.value)),)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        constant = node.id in CONSTANTS
        return (Term(1.0, constants=(node.id,)) if constant else Term(1.0, column=node.id),)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return (Term(1.0, column=node.attr, table=node.value.id),)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "total":
        inner = _terms(node.args[0]) if len(node.args) == 1 and not node.keywords else ()
        if len(inner) != 1 or not inner[0].column:
            raise ValueError("total() takes one column")
        return (inner[0]._replace(total=True),)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _product((Term(-1.0),), _terms(node.operand))
    if isinstance(node, ast.BinOp):
        left, right = _terms(node.left), _terms(node.right)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left + _product((Term(-1.0),), right)
        if isinstance(node.op, ast.Mult):
            return _product(left, right)
    raise ValueError(f"{ast.unparse(node)!r} is neither a number, a column, total(), +, - nor *")


def _product(left: Expression, right: Expression) -> Expression:
    if any(a.column and b.column for a in left for b in right):
        raise ValueError("sums of two columns cannot be multiplied")
    return tuple(
        Term(
            a.coefficient * b.coefficient,
            a.constants + b.constants,
            a.column or b.column,
            a.table or b.table,
            a.total or b.total,
        )
        for a in left
        for b in right
    )
