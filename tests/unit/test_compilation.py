"""What is compiled ahead of a run is what the run calls, whoever compiles it, and nothing twice."""

import io
import sys
from collections import deque

import pytest

from channelsim import apart, renewal, simulate
from channelsim import kernels as compiled
from channelsim.engines import compilation, driver, workspace
from channelsim.kernels import Kernels
from channelsim.planning import plan_week
from channelsim.scenario import Scenario, library_names
from channelsim.steps import PART_OF, PARTS
from channelsim.world import build

OWN_KERNELS = compiled.kernels


@pytest.fixture
def called(monkeypatch):
    """Return the names of the kernels called since the test began."""
    names = set()

    def noted(name, kernel):
        def run(*arguments):
            names.add(name)
            return kernel(*arguments)

        return run

    noting = Kernels(*(noted(name, kernel) for name, kernel in OWN_KERNELS()._asdict().items()))
    monkeypatch.setattr(compilation, "_there", set(compilation.PIECES))
    for module in (compiled, driver, renewal, workspace):
        monkeypatch.setattr(module, "kernels", lambda: noting)
    return names


@pytest.fixture
def missing(monkeypatch):
    """Return what is compiled, in its order, when nothing is in the cache; helpers compile nothing."""
    pieces = []
    monkeypatch.setattr(compilation, "JIT_OFF", False)
    monkeypatch.setattr(compilation, "_there", set())
    monkeypatch.setattr(compilation, "_is_missing", lambda piece: True)
    monkeypatch.setattr(compilation, "compile_piece", pieces.append)
    monkeypatch.setattr(sys, "executable", "")
    return pieces


BILATERAL = Scenario.from_library("bilateral")
SCENARIOS = {
    "posted": BILATERAL,
    "reviewed": BILATERAL.replace(**{"members.maker.pricing.rule": "leader"}),
    "measured": BILATERAL.replace(**{"power.measured": True}),
    "negotiated": Scenario.from_library("negotiation"),
    "relations": Scenario.from_library("influence"),
}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_what_is_compiled_ahead_is_what_a_run_calls(called, scenario):
    simulate(scenario.replace(weeks=2, warm_up_weeks=0), replications=1, progress=False, workers=1)
    assert called == set(compilation.needed_pieces(scenario)) & set(compilation.KERNELS)


@pytest.mark.skipif(apart.JIT_OFF, reason="nothing is compiled")
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_it_is_compiled_for_the_arguments_of_a_run(scenario):
    simulate(scenario.replace(weeks=2, warm_up_weeks=0), replications=1, progress=False, workers=1)
    signatures = compilation.signatures()
    for name, kernel in OWN_KERNELS()._asdict().items():
        assert set(kernel.signatures) <= {signatures[name]}, name
    assert OWN_KERNELS().run_span.signatures


@pytest.mark.parametrize("name", library_names())
def test_every_part_compiled_ahead_is_planned(name):
    channel = build(Scenario.from_library(name))
    planned = {PART_OF[step.code] for step in plan_week(channel, channel.apply()) if step.code in PART_OF}
    ahead = set(compilation.needed_pieces(channel.scenario)) - set(compilation.KERNELS)
    assert ahead <= {PARTS[number].name for number in planned}


def test_policies_with_incentives_need_their_parts(missing):
    compilation.compile_ahead(BILATERAL, ["terms.wholesale_price", "density.stores"])
    assert not set(compilation.OF_INCENTIVES) & set(missing)
    compilation.compile_ahead(BILATERAL, ["terms.target_rebate.steps.0.rebate"])
    assert set(compilation.OF_INCENTIVES) <= set(missing)


def test_what_is_missing_is_compiled_once_the_longest_first(missing, capsys):
    compilation.compile_everything()
    assert missing[:2] == ["run_span", "review_dependence"]
    assert sorted(missing) == sorted(compilation.PIECES)
    assert "compiling the week" in capsys.readouterr().err
    compilation.compile_everything()
    assert len(missing) == len(compilation.PIECES)
    assert not capsys.readouterr().err


def test_nothing_is_compiled_where_nothing_is_missing(missing, monkeypatch, capsys):
    monkeypatch.setattr(compilation, "_is_missing", lambda piece: False)
    compilation.compile_everything()
    assert not missing
    assert not capsys.readouterr().err


HELPERS = {
    "dies": "import sys; sys.exit(3)",
    "fails at a piece": "print('something else', flush=True); input()",
}


@pytest.mark.parametrize("program", HELPERS.values(), ids=HELPERS)
def test_what_a_helper_cannot_compile_is_given_back(monkeypatch, tmp_path, program):
    helper = tmp_path / "helper"
    helper.write_text(f"#!{sys.executable}\n{program}\n")
    helper.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(helper))
    pieces = deque(["offer", "mean_by_label"])
    compilation._let_compile(pieces)
    assert sorted(pieces) == ["mean_by_label", "offer"]


def test_a_helper_takes_everything():
    pieces = deque(["offer", "mean_by_label"])
    compilation._let_compile(pieces)
    assert not pieces


def test_a_helper_says_what_it_has_compiled(missing, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("offer\nbuying on credit\n"))
    compilation.serve()
    assert missing == ["offer", "buying on credit"]
    assert capsys.readouterr().out == "offer\nbuying on credit\n"


def test_parts_have_files_of_their_own_in_the_cache():
    names = {apart._part(number, "digest").__qualname__ for number in range(len(PARTS))}
    assert len(names) == len(PARTS)
