"""Compiled rules use only arithmetic that gives the same bits everywhere.

The batch engine, the Mesa model and plain Python must agree exactly. What libm and BLAS return differs
between machines, and the order of a library's sums differs between the compiled and the plain form; so
kernels use ``channelsim.numerics`` for exp and log, loops for sums, and products for powers.
"""

import ast
from pathlib import Path

import pytest

import channelsim

PACKAGE = Path(channelsim.__file__).parent
COMPILING = {
    "rule",
    "rowwise",
    "helper",
    "entry",
    "subroutine",
    "wide",
    "wide_entry",
    "njit",
    "jit",
    "vectorize",
    "guvectorize",
    "cfunc",
    "generated_jit",
}

# Exact by definition (IEEE 754 rounds sqrt correctly), or no arithmetic at all.
EXACT = {
    *("sqrt", "abs", "fabs", "floor", "ceil", "trunc", "copysign", "minimum", "maximum", "fmin", "fmax"),
    *("isnan", "isinf", "isfinite", "inf", "nan", "pi", "e"),
    *("bool_", "float32", "float64", "intp", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64", "empty", "zeros", "ones", "empty_like", "zeros_like", "ndarray"),
}
ADDING_METHODS = {"sum", "dot", "mean", "prod", "std", "var", "cumsum", "cumprod"}
# sum of floats is compensated from Python 3.12 on; pow and math.pow are libm.
INEXACT_BUILTINS = {"sum", "pow"}
OPERATORS = {ast.Pow: "**", ast.MatMult: "@"}


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def compiled_functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """Return the functions compiled by a decorator or by a call such as ``rule(function)``."""
    by_call = {
        argument.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and {last_name(node), last_name(node.func)} & COMPILING
        for argument in node.args
        if isinstance(argument, ast.Name)
    }
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (node.name in by_call or any(last_name(d) in COMPILING for d in node.decorator_list))
    ]


def libraries(tree: ast.Module) -> tuple[set[str], dict[str, str]]:
    """Return the names that numpy and math go by, and the functions taken from them by name."""
    modules: set[str] = set()
    members: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {a.asname or a.name for a in node.names if a.name in {"numpy", "math", "cmath"}}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {
            "numpy",
            "math",
            "cmath",
        }:
            members |= {a.asname or a.name: a.name for a in node.names}
    return modules, members


def violations(source: str) -> list[str]:
    """Return 'line: what' for everything in compiled functions whose bits may differ, and any fastmath."""
    tree = ast.parse(source)
    modules, members = libraries(tree)
    found: set[tuple[int, str]] = set()
    for keyword in (node for node in ast.walk(tree) if isinstance(node, ast.keyword)):
        if keyword.arg in {"fastmath", "parallel"} and not is_false(keyword.value):
            found.add((keyword.value.lineno, keyword.arg))
    for mapping in (node for node in ast.walk(tree) if isinstance(node, ast.Dict)):
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            if (
                isinstance(key, ast.Constant)
                and key.value in {"fastmath", "parallel"}
                and not is_false(value)
            ):
                found.add((value.lineno, key.value))
    for function in compiled_functions(tree):
        for statement in function.body:
            for node in ast.walk(statement):
                what = inexact(node, modules, members)
                if what:
                    found.add((getattr(node, "lineno", function.lineno), what))
    return [f"{line}: {what}" for line, what in sorted(found)]


def is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


def inexact(node: ast.AST, modules: set[str], members: dict[str, str]) -> str:
    """Return how a node may differ between machines or engines, '' if it cannot."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        return OPERATORS.get(type(node.op), "")
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
        return "" if node.attr in EXACT else f"{node.value.id}.{node.attr}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return f".{node.func.attr}()" if node.func.attr in ADDING_METHODS else ""
    if isinstance(node, ast.Name):
        if node.id in members:
            return "" if members[node.id] in EXACT else members[node.id]
        return node.id if node.id in INEXACT_BUILTINS and isinstance(node.ctx, ast.Load) else ""
    return ""


# The closed forms in theory are judged by their value, not by their bits.
SOURCES = {
    str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] != "theory"
}


@pytest.mark.parametrize("name", SOURCES)
def test_compiled_rules_are_exact(name):
    assert violations(SOURCES[name]) == []


def test_the_rules_are_found():
    holding = {name for name, source in SOURCES.items() if compiled_functions(ast.parse(source))}
    assert {"distributions.py", "numerics.py", "randomness.py"} <= holding
    assert any(name.startswith("mechanisms") for name in holding)


HEAD = "import math\nimport numpy as np\nfrom numpy import log as ln\nfrom channelsim.compiled import rule\n"


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("x ** 2", "**"),
        ("x @ x", "@"),
        ("np.sum(x)", "np.sum"),
        ("np.dot(x, x)", "np.dot"),
        ("np.exp(x)", "np.exp"),
        ("np.log(x)", "np.log"),
        ("np.add.reduce(x)", "np.add"),
        ("np.linalg.solve(x, x)", "np.linalg"),
        ("np.random.normal()", "np.random"),
        ("math.exp(x)", "math.exp"),
        ("math.pow(x, 2.0)", "math.pow"),
        ("ln(x)", "log"),
        ("x.sum()", ".sum()"),
        ("x[0].dot(x)", ".dot()"),
        ("sum(x)", "sum"),
        ("pow(x, 2)", "pow"),
    ],
)
def test_an_inexact_operation_is_found(expression, what):
    found = violations(f"{HEAD}\n\n@rule\ndef f(x):\n    y = 1.0\n    return y * ({expression})\n")
    assert found
    assert all(line.startswith("10: ") for line in found)
    assert any(what in line for line in found)


@pytest.mark.parametrize(
    "source",
    [
        "@rule\ndef f(x):\n    x **= 2\n    return x",
        "@compiled.rule\ndef f(x):\n    return x**2",
        "@njit(cache=True)\ndef f(x):\n    return x**2",
        "def f(x):\n    return x**2\ng = rule(f)",
        "def f(x):\n    return x**2\ng = njit(cache=True)(f)",
        "def build():\n    @entry\n    def f(x):\n        return x**2\n    return f",
        "@rule\ndef f(x):\n    def g(y):\n        return y**2\n    return g(x)",
        "@njit(fastmath=True)\ndef f(x):\n    return x",
        "@njit(fastmath={'contract'})\ndef f(x):\n    return x",
        "options = {'fastmath': True}",
        "@njit(parallel=True)\ndef f(x):\n    return x",
    ],
)
def test_a_compiled_function_is_recognised(source):
    assert len(violations(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return np.sum(x**2)",
        "@rule\ndef f(x, out):\n    out[0] = np.sqrt(x) + math.sqrt(x) + np.floor(x) * np.inf",
        "@rule\ndef f(x):\n    return np.float64(x).view(np.int64)",
        "@rule\ndef f(x):\n    return math.isnan(x) or np.uint64(3) == 3 or x[0].size > 0",
        "@rule\ndef f(x):\n    t = 0.0\n    for i in range(x.size):\n        t += x[i] * x[i]\n    return t",
        "@njit(fastmath=False)\ndef f(x):\n    return x",
    ],
)
def test_exact_arithmetic_and_plain_python_pass(source):
    assert violations(HEAD + source) == []
