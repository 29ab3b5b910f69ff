"""Imports point one way, the theory stands alone, and slow libraries load only when they are used."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import channelsim

PACKAGE = Path(channelsim.__file__).parent

# From the bottom up: a module may import from its own layer and from those below it.
LAYERS = (
    {
        "codes",
        "columns",
        "compiled",
        "distributions",
        "effects",
        "errors",
        "expressions",
        "files",
        "numerics",
        "pipelines",
        "prefetch",
        "randomness",
        "rows",
    },
    {"linear", "metrics", "paths", "schema", "state_layout", "tables", "totals"},
    {
        "agreement_consistency",
        "consistency",
        "decisions",
        "incentive_consistency",
        "incentive_parts",
        "diversion_parts",
        "influence_consistency",
        "influence_parts",
        "library",
        "member_parts",
        "parts",
        "power_parts",
        "scenario",
    },
    {"events", "expansion", "holdings", "links", "members", "places", "routes", "territories", "traces"},
    {"mechanisms"},
    {"week"},
    {"fusing", "steps"},
    {"apart"},
    {"kernels", "reduction", "review_means"},
    # above the week, because the opening state expects demand by the week's own rules
    {
        "agreements",
        "application",
        "asked_of_stores",
        "attempts",
        "base_inputs",
        "compaction",
        "consumers",
        "coverage",
        "densities",
        "exclusive_dealing",
        "incentives",
        "governance",
        "listing",
        "listing_choice",
        "network",
        "network_reading",
        "opening_state",
        "planning",
        "renewal",
        "shelf_market",
        "sourcing",
        "ties",
        "world",
    },
    {"engines"},
    {"analysis", "policy", "simulation"},
    {"facts", "verification"},
    {
        "cli",
        "cli_frame",
        "cli_inputs",
        "cli_plan",
        "cli_power",
        "cli_run",
        "cli_show",
        "cli_survey",
        "reference",
        "__main__",
    },
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
# They judge the simulator, so they know nothing of it; and it does not borrow from its judge.
ALONE = {"theory", "survey"}
MAY_USE_THEORY = {"policy", "analysis", "verification", "cli"}

MAY_USE_MESA = {"channelsim.engines.mesa_members", "channelsim.engines.mesa_model"}

HEAVY = ("matplotlib", "mesa", "networkx", "pandas", "scipy.optimize", "xarray")


def part(module: str) -> str:
    """Return the module or sub-package directly under channelsim, or '' for the package itself."""
    return module.split(".")[1] if "." in module else ""


def read_package(folder: Path) -> dict[str, tuple[str, bool]]:
    """Return module name -> (source, is a package) for every file of the package."""
    sources = {}
    for path in sorted(folder.rglob("*.py")):
        names = ["channelsim", *path.relative_to(folder).with_suffix("").parts]
        is_package = names[-1] == "__init__"
        if is_package:
            names.pop()
        sources[".".join(names)] = (path.read_text(encoding="utf-8"), is_package)
    return sources


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the tree, inside functions too, but not what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if for_types_only(child):
            continue
        yield child
        yield from statements(child)


def imports(module: str, source: str, is_package: bool, known: set[str]) -> set[str]:
    """Return the full names imported; a name of this package is cut back to the module that holds it."""
    found = set()
    for node in statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: None if is_package and node.level == 1 else -1]
                parents = parents[: len(parents) - (node.level - (2 if is_package else 1))] or parents[:1]
                base = ".".join([*parents, base] if base else parents)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                found.add(full if full in known else base)
                # The version is a fact about the package, not a use of its front door.
                if base == "channelsim" and alias.name == "__version__":
                    found.discard("channelsim")
    return found - {module}


def graph_of(sources: dict[str, tuple[str, bool]]) -> dict[str, set[str]]:
    return {
        module: imports(module, source, is_package, set(sources))
        for module, (source, is_package) in sources.items()
    }


def wrong_arrows(graph: dict[str, set[str]]) -> list[str]:
    wrong = []
    for module, targets in graph.items():
        here = part(module)
        if here and here not in RANK and here not in ALONE:
            wrong.append(f"{module} has no place in LAYERS")
            continue
        for target in sorted(targets):
            if target.split(".")[0] == "mesa" and module not in MAY_USE_MESA:
                wrong.append(f"{module} imports mesa")
            if target.split(".")[0] != "channelsim" or not here:
                continue
            there = part(target)
            if here in ALONE:
                allowed = there == here
            elif there in ALONE:
                allowed = there != "theory" or here in MAY_USE_THEORY
            else:
                allowed = there in RANK and RANK[there] <= RANK[here]
            if not allowed:
                wrong.append(f"{module} imports {target}")
    return wrong


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return one circle of imports between modules of the package, or nothing."""
    inside = {
        module: {target for target in targets if target in graph and target != "channelsim"}
        for module, targets in graph.items()
        if module != "channelsim"
    }
    # A package's __init__ re-exports its modules, which is no circle as long as they do not ask it back.
    try:
        TopologicalSorter(inside).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_imports_point_one_way():
    assert wrong_arrows(graph_of(read_package(PACKAGE))) == []


def test_imports_do_not_go_round():
    assert circle(graph_of(read_package(PACKAGE))) == []


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("channelsim.schema", "import channelsim.week", "imports channelsim.week"),
        ("channelsim.schema", "from channelsim import world", "imports channelsim.world"),
        ("channelsim.schema", "from channelsim import simulate", "imports channelsim"),
        (
            "channelsim.mechanisms.demand",
            "from ..engines.batch import simulate",
            "imports channelsim.engines",
        ),
        ("channelsim.mechanisms.demand", "from ..theory import monopoly", "imports channelsim.theory"),
        ("channelsim.mechanisms.demand", "def f():\n    from channelsim.policy import levers", "policy"),
        ("channelsim.engines.batch", "from ..policy.levers import Policy", "imports channelsim.policy"),
        ("channelsim.theory.monopoly", "from channelsim.numerics import exp", "imports channelsim.numerics"),
        ("channelsim.survey", "from .theory import monopoly", "imports channelsim.theory"),
        ("channelsim.policy.solve", "from .. import cli", "imports channelsim.cli"),
        ("channelsim.engines.batch", "import mesa.space", "imports mesa"),
        ("channelsim.analysis.plots", "def f():\n    from mesa import Model", "imports mesa"),
        ("channelsim.utilities", "import numpy", "has no place"),
    ],
)
def test_a_wrong_arrow_is_found(module, source, expected):
    names = ("world", "week", "cli", "policy.levers", "engines.batch", "theory", "numerics", "policy")
    sources = {f"channelsim.{name}": ("", "." not in name and name in {"theory", "policy"}) for name in names}
    sources[module] = (source, False)
    (message,) = wrong_arrows(graph_of(sources))
    assert message.startswith(module)
    assert expected in message


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("channelsim.cli", "from .policy import levers\nfrom .engines.batch import simulate\nimport mesas"),
        ("channelsim.policy.solve", "from ..theory import monopoly"),
        ("channelsim.mechanisms.demand", "from ..numerics import exp\nfrom . import pricing"),
        ("channelsim.analysis.results", "from channelsim import __version__"),
        ("channelsim.engines.mesa_model", "from mesa import Model"),
        (
            "channelsim.schema",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .world import World",
        ),
    ],
)
def test_a_right_arrow_passes(module, source):
    assert wrong_arrows(graph_of({module: (source, False)})) == []


def test_a_circle_is_found():
    sources = {
        "channelsim.policy.levers": ("from . import solve", False),
        "channelsim.policy.solve": ("def f():\n    from .levers import Policy", False),
    }
    assert set(circle(graph_of(sources))) == set(sources)


def modules_loaded_by(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    loaded = modules_loaded_by("import channelsim")
    assert "channelsim" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_a_heavy_import_would_be_seen():
    assert not modules_loaded_by("import channelsim, networkx").isdisjoint(HEAVY)
