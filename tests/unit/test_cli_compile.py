"""What is compiled ahead of a run is what the run calls, and ``channelsim compile`` leaves nothing out."""

import pytest

from channelsim import cli_compile, renewal, simulate
from channelsim import kernels as compiled
from channelsim.engines import driver, workspace
from channelsim.kernels import Kernels
from channelsim.scenario import Scenario

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
    for module in (compiled, driver, renewal, workspace):
        monkeypatch.setattr(module, "kernels", lambda: noting)
    return names


def test_every_kernel_is_compiled_ahead(called):
    cli_compile.compile_kernels()
    assert called == set(Kernels._fields)


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
    assert set(cli_compile.needed_kernels(scenario)) == called
    called.clear()
    cli_compile.compile_kernels(cli_compile.needed_kernels(scenario))
    assert called >= set(cli_compile.needed_kernels(scenario))


def test_nothing_is_run_where_nothing_is_missing(called, monkeypatch):
    monkeypatch.setattr(compiled, "needs_compilation", lambda kernel: False)
    cli_compile.compile_missing()
    assert not called
    monkeypatch.setattr(compiled, "needs_compilation", lambda kernel: True)
    cli_compile.compile_missing(["run_span"])
    assert called == {"run_span"}
