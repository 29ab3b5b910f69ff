"""What the holdings of each member come to, on the path of constant length and on the general one."""

import numpy as np
import pytest

from channelsim.linear import solve_in_place, solve_side_by_side
from channelsim.mechanisms.member_sums import add_holdings, add_products
from compiled_code import CALLS_RULES

pytestmark = CALLS_RULES


@pytest.mark.parametrize("counts", [[1, 1, 1], [2, 2], [3, 3, 3, 3], [4, 4], [3, 0, 1], []])
def test_totals_do_not_depend_on_the_path(counts):
    offset, end = 7, 7 + np.cumsum(counts, dtype=np.int64)
    start = end - np.array(counts, dtype=np.int64)
    values, weights = np.random.default_rng(2).standard_normal((2, int(sum(counts))))
    breadth = counts[0] if counts and len(set(counts)) == 1 else -1
    expected = np.array([sum(values[a - offset : b - offset]) for a, b in zip(start, end)])
    products = np.array([sum((values * weights)[a - offset : b - offset]) for a, b in zip(start, end)])
    for known in {breadth, -1}:
        sums = np.full(len(counts), np.nan)
        add_holdings(known, start, end, offset, values, sums)
        np.testing.assert_array_equal(sums, expected)
        add_products(known, start, end, offset, values, weights, sums)
        np.testing.assert_array_equal(sums, products)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_systems_side_by_side_have_the_solutions_of_one_after_the_other(n):
    rng = np.random.default_rng(n)
    systems = rng.standard_normal((4, n, n + 1))
    systems[:, range(n), range(n)] += 3.0 * n
    together = np.ascontiguousarray(systems.reshape(4, n * (n + 1)).T)
    solve_side_by_side(together, n)
    for j, system in enumerate(systems):
        right = np.linalg.solve(system[:, :n], system[:, n])
        solve_in_place(system, n)
        np.testing.assert_array_equal(together[n :: n + 1, j], system[:, n])
        np.testing.assert_allclose(system[:, n], right, rtol=1e-12)
