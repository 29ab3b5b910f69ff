"""Outcomes: what an objective or a constraint is about, as expressions of metrics.

An expression holds numbers, metrics, ``+ - * /``, parentheses and the functions ``min``, ``max``, ``sum``
and ``mean``. A metric stands for the whole channel; one label of a grouping is picked as in
``profit(group="Aurora")``, all its labels as in ``min(fill_rate(territory="*"))``, where a function has to
make one number of them. It is read by a small parser; nothing is executed. A ratio of metrics is formed
replication by replication.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelsim.errors import ScenarioError
from channelsim.metrics import GROUPINGS, METRICS, ResultError, check_name
from channelsim.totals import Totals, evaluate

Floats = NDArray[np.float64]

ALL = "*"
_REDUCE: dict[str, Callable[..., Any]] = {"min": np.min, "max": np.max, "sum": np.sum, "mean": np.mean}
_JOIN: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}


class Outcome:
    """One number of a replication, by an expression of metrics.

    Parameters
    ----------
    text : str
        For instance ``'profit(group="Aurora") - 0.1 * finance_cost'``.

    Raises
    ------
    ScenarioError
        If the text is no such expression or names an unknown metric or grouping: one line.

    Examples
    --------
    >>> Outcome('profit(role="manufacturer") / channel_profit').metrics
    ('channel_profit', 'profit')
    """

    def __init__(self, text: str):
        self.text = text
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            raise ScenarioError(f"outcome {text!r}: is no expression") from None
        try:
            self._read = tuple(dict.fromkeys(_metrics_in(self._tree)))
            vector = _is_vector(self._tree)
        except (ResultError, ScenarioError) as error:
            raise ScenarioError(f"outcome {text!r}: {error}") from None
        if not self._read:
            raise ScenarioError(f"outcome {text!r}: names no metric")
        if vector:
            functions = ", ".join(f"{name}()" for name in _REDUCE)
            raise ScenarioError(
                f"outcome {text!r}: is a number for every label; take one of {functions} of it"
            )

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that it reads, in alphabetical order."""
        return tuple(sorted({name for name, _, _ in self._read}))

    @property
    def picked(self) -> tuple[tuple[str, str, str], ...]:
        """(metric, grouping, label) of every metric that it reads; label "" overall, "*" for all."""
        return self._read

    @property
    def unit(self) -> str:
        """Unit, by the units of its metrics; "" where these do not go together.

        Examples
        --------
        >>> Outcome("profit / active_members").unit, Outcome("revenue / sell_through").unit
        ('money per week and member', 'money per unit')
        """
        return _unit(self._tree) or ""

    def check(self, labels: Mapping[str, Sequence[str]]) -> None:
        """Refuse labels that a channel does not have.

        Raises
        ------
        ScenarioError
            One line with the admissible labels.
        """
        for _, grouping, label in self._read:
            if grouping != "overall" and label != ALL:
                try:
                    check_name(grouping, label, labels[grouping])
                except ResultError as error:
                    raise ScenarioError(f"outcome {self.text!r}: {error}") from None

    def values(self, totals: Totals) -> Floats:
        """Return the outcome of every policy and replication, shape (policies, replications).

        NaN where a metric or a ratio is undefined.

        Raises
        ------
        ResultError
            If the run did not record what it needs.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.asarray(_value(self._tree, totals), dtype=np.float64)
        shape = (len(totals.policies), totals.replications)
        return np.where(np.isfinite(found), found, np.nan) * np.ones(shape)

    def __repr__(self) -> str:
        return f"Outcome({self.text!r})"


def _metrics_in(node: ast.expr) -> Iterator[tuple[str, str, str]]:
    """Yield (metric, grouping, label) of every metric of an expression; refuse all else."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return
    if isinstance(node, ast.Name):
        check_name("metric", node.id, METRICS)
        check_name(f"grouping of {node.id}", "overall", METRICS[node.id].groupings)
        yield node.id, "overall", ""
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        yield from _metrics_in(node.operand)
    elif isinstance(node, ast.BinOp) and type(node.op) in _JOIN:
        yield from _metrics_in(node.left)
        yield from _metrics_in(node.right)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in _REDUCE and len(node.args) == 1 and not node.keywords:
            yield from _metrics_in(node.args[0])
        else:
            yield _picked(node, node.func.id)
    else:
        raise ScenarioError(f"{ast.unparse(node)!r} is neither a number, a metric, a function, +, -, * nor /")


def _picked(node: ast.Call, metric: str) -> tuple[str, str, str]:
    """Return (metric, grouping, label) of ``metric(grouping="label")``."""
    check_name("metric or function", metric, [*_REDUCE, *METRICS])
    given = node.keywords
    one = len(given) == 1 and not node.args and metric in METRICS
    if not one or given[0].arg is None or not isinstance(given[0].value, ast.Constant):
        raise ScenarioError(f'{ast.unparse(node)!r}: write {metric}(group="name"), or another grouping')
    grouping, label = given[0].arg, given[0].value.value
    check_name("grouping", grouping, GROUPINGS)
    check_name(f"grouping of {metric}", grouping, METRICS[metric].groupings)
    return metric, grouping, str(label)


def _unit(node: ast.expr) -> str | None:
    """Return the unit of an expression; None of a plain number, "" where there is none to tell."""
    if isinstance(node, ast.Constant):
        return None
    if isinstance(node, ast.Name):
        return METRICS[node.id].unit
    if isinstance(node, ast.UnaryOp):
        return _unit(node.operand)
    if isinstance(node, ast.BinOp):
        left, right = _unit(node.left), _unit(node.right)
        if isinstance(node.op, ast.Div):
            return _ratio(left, right)
        if left is None or right is None:
            return left if right is None else right
        if isinstance(node.op, ast.Mult):
            return right if left == "–" else left if right == "–" else ""
        return left if left == right else ""
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    reduced = node.func.id in _REDUCE and not node.keywords
    return _unit(node.args[0]) if reduced else METRICS[node.func.id].unit


def _ratio(above: str | None, below: str | None) -> str | None:
    """Return the unit of a ratio: what both are per cancels, and what is left below is one more "per"."""
    if below in (None, "–"):
        return above
    if above == below:
        return "–"
    if not above or not below or below.startswith("scale"):
        return ""
    what, _, each = above.partition(" per ")
    other, _, other_each = below.partition(" per ")
    if other_each and other_each != each:
        return ""
    left = [] if other_each else [each] if each else []
    return f"{what} per {' and '.join([*left, other.removesuffix('s')])}" if what != other else ""


def _is_vector(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_vector(node.operand)
    if isinstance(node, ast.BinOp):
        return _is_vector(node.left) or _is_vector(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id not in _REDUCE or node.keywords:
            return _picked(node, node.func.id)[2] == ALL
        if not _is_vector(node.args[0]):
            raise ScenarioError(f'{ast.unparse(node)!r}: takes a metric of all labels, such as role="*"')
    return False


def _value(node: ast.expr, totals: Totals) -> Any:
    """Return the value of an expression: (policies, replications), or with all labels one axis more."""
    if isinstance(node, ast.Constant):
        return np.full((1, 1), float(node.value))  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return evaluate(METRICS[node.id], totals, "overall")[:, :, 0]
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, totals)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, totals), _value(node.right, totals)
        if left.ndim != right.ndim:
            left, right = (v if v.ndim == 3 else v[:, :, None] for v in (left, right))
        return _JOIN[type(node.op)](left, right)
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    if node.func.id in _REDUCE and not node.keywords:
        return _REDUCE[node.func.id](_value(node.args[0], totals), axis=-1)
    metric, grouping, label = _picked(node, node.func.id)
    values = evaluate(METRICS[metric], totals, grouping)
    return values if label == ALL else values[:, :, totals.labels[grouping].index(label)]
