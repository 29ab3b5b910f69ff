"""Figures of a decision show what the results hold."""

import pytest

from channelsim.analysis.decision_plots import (
    finalists_plot,
    frontier_plot,
    regret_plot,
    stakeholders_plot,
    tornado_plot,
)
from channelsim.analysis.estimators import Estimate
from channelsim.analysis.style import save_bytes
from channelsim.metrics import ResultError
from channelsim.policy.assess import assess
from channelsim.policy.choose import choose
from channelsim.policy.frontier import frontier
from channelsim.policy.robustness import Variant, regrets
from channelsim.policy.search import Search
from channelsim.policy.stakeholders import Effect
from known_model import PROFIT, STORES, KnownModel, known_problem


@pytest.fixture(scope="module")
def found():
    problem = known_problem(constraints=[{"outcome": STORES, "at_least": 50.0, "name": "the stores live"}])
    model = KnownModel(lambda p, k: (100.0 - 0.1 * (p - 50.0) ** 2, 100.0 - 2.0 * (p - 30.0)), own=0.1)
    search = Search(problem, model, 1000)
    search.evaluate([[share, 0.5] for share in (0.2, 0.4, 0.6, 0.7, 0.8, 0.95)], 4)
    return problem, model, search


def texts(figure):
    axes = figure.axes[0]
    ticks = [t.get_text() for t in (*axes.get_yticklabels(), *axes.texts)]
    legends = [t.get_text() for k in (*figure.legends, axes.get_legend()) if k for t in k.get_texts()]
    return " | ".join([axes.get_title(loc="left"), *ticks, axes.get_xlabel(), *legends])


def test_finalists(found):
    problem, model, search = found
    selection = choose(problem, list(search.candidates.values()), model)
    figure = finalists_plot(selection, "money per week", "yuan")
    told = texts(figure)
    assert "stands alone" in told
    assert "yuan per week" in told
    assert "misses a constraint" in told
    assert save_bytes(figure, "png").startswith(b"\x89PNG")


def test_tornado_hatches_what_is_not_feasible_and_says_what_was_tried(found):
    problem, model, search = found
    best = search.candidates[search.values_at([0.8, 0.5])]
    assessment = assess(problem, best, model, replications=16)
    figure = tornado_plot(assessment)
    bars = [bar for held in figure.axes[0].containers if hasattr(held, "patches") for bar in held.patches]
    assert sum(bool(bar.get_hatch()) for bar in bars) == 1
    assert "terms.wholesale_price = 54" in texts(figure)
    with pytest.raises(ResultError, match="no responses"):
        tornado_plot(assess(problem, best.policy, model, replications=4))
    with pytest.raises(ResultError, match="no stakeholder"):
        stakeholders_plot(assessment)


def test_stakeholders_say_who_wins(found):
    problem, model, search = found
    assessment = assess(problem, search.best()[0].policy, model, replications=4)
    estimate = Estimate(500.0, 10.0, 480.0, 520.0, 4)
    effects = (
        Effect("focal firm", "maker", "profit", "money per week", 1000.0, 1500.0, estimate),
        Effect(
            "group", "stores", "profit", "money per week", 100.0, 50.0, Estimate(-50.0, 9.0, -70.0, -30.0, 4)
        ),
    )
    figure = stakeholders_plot(type(assessment)(**{**vars(assessment), "effects": effects}))
    told = texts(figure)
    for part in ("maker", "group: stores", "wins", "loses", "+50 %", "−50 %"):
        assert part in told


def test_frontier_and_regrets(found):
    problem, model, search = found
    traced = frontier(problem, STORES, model, list(search.candidates.values()), levels=3)
    told = texts(frontier_plot(traced, "profit of the stores"))
    assert "profit of the stores against the baseline" in told
    assert "baseline" in told
    assert PROFIT in figure_label(frontier_plot(traced))
    assert "Profit of the maker" in figure_label(frontier_plot(traced, objective="Profit of the maker"))
    policies = [problem.policy((x, 4), f"price {x:g}") for x in (40.0, 50.0)]
    table = regrets(
        problem, policies, [Variant("as thought", problem.channel.scenario)], sampler=lambda _: model
    )
    told = texts(regret_plot(table, "money per week", "euro"))
    assert "as thought" in told
    assert "euro per week" in told
    assert "price 40" in told


def figure_label(figure):
    return figure.axes[0].get_ylabel()
