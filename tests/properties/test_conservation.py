"""Goods and money are conserved in every week of every replication, whatever the scenario."""

import numpy as np
import pytest
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from channelsim import columns as c
from channelsim.agreement_consistency import BESIDE_THE_PRICE
from channelsim.codes import ORDER_NEWSVENDOR
from channelsim.kernels import kernels
from channelsim.scenario import Scenario
from channelsim.schema import position
from channelsim.state_layout import new_state
from channelsim.week import (
    CHARGE_SIDE_PAYMENTS,
    PROPOSE_PAYMENT_FROM_CASH,
    SETTLE_PAYMENTS,
    SETTLE_SIDE_PAYMENTS,
)
from influenced_worlds import FEATURES, influenced
from small_worlds import AIMING_ORDERS, SEASONAL_ORDERS, Run, diverting, policies, scenarios
from supported_worlds import supported
from two_places import two_places

pytestmark = [pytest.mark.jit_off, pytest.mark.bounds]

NEVER_NEGATIVE = {
    "holdings": (
        "stock on_order owed price unit_cost service mean_demand demand sales revenue order "
        "forecast_variance cleared write_off received paid late_sales divertible diversion diverted "
        "diverted_revenue diversion_transport diversion_fine diverted_in diverted_in_cost lost_to_diversion "
        "set_aside"
    ),
    "links": "wholesale_price ordered backlog shipped arrived invoice payment arrears debt",
    "members": "payment_due payment_made payable receivable",
}


class Ledger:
    """What went in and out of every place and purse, kept apart from the simulator's own accounts."""

    def __init__(self, run):
        self.run = run
        opening = new_state(run.channel.sizes)
        opening.flat[:] = run.terms.base
        self.before = self.copy(opening)
        self.goods_turned = self.money_turned = 1.0

    @staticmethod
    def copy(state):
        return {
            name: getattr(state, name).copy()
            for name in (
                "holdings",
                "links",
                "members",
                "relationships",
                "pipeline",
                "orders_in_transit",
                "payables",
                "incentives",
            )
        }

    def by_holding(self, of_link, end):
        return np.bincount(
            self.run.world.links_index[end], weights=of_link, minlength=self.run.channel.sizes.holdings
        )

    def check_week(self):
        now = self.copy(self.run.state)
        self.check_signs(now)
        self.check_goods(now)
        self.check_money(now)
        self.before = now

    def check_signs(self, now):
        for table, names in NEVER_NEGATIVE.items():
            values = now[table][[position(name) for name in names.split()]]
            assert np.isfinite(now[table]).all(), table
            assert values.min(initial=0.0) >= -1e-9 * max(1.0, values.max(initial=0.0)), table
        assert now["pipeline"].min(initial=0.0) >= 0.0
        assert now["payables"].min(initial=0.0) >= 0.0
        assert now["orders_in_transit"].min(initial=0.0) >= 0.0

    def check_goods(self, now):
        was, first = self.before, self.run.channel.first_shelf
        holdings, links = now["holdings"], now["links"]
        shipped, arrived = links[c.SHIPPED], links[c.ARRIVED]
        self.goods_turned += shipped.sum() + holdings[c.SALES].sum() + was["holdings"][c.STOCK].sum()
        produces = np.arange(holdings.shape[1]) < self.run.channel.holdings_of_tier(0).stop
        moved = self.by_holding(arrived, c.BUYER_HOLDING) - holdings[c.SALES] - self.cleared(now)
        moved += holdings[c.DIVERTED_IN]
        self.close_to(
            holdings[c.STOCK] - was["holdings"][c.STOCK], np.where(produces, 0.0, moved), self.goods_turned
        )
        # what suppliers ship is what they sell, and it travels until it arrives
        out = self.by_holding(shipped, c.SUPPLIER_HOLDING) + holdings[c.DIVERTED]
        self.close_to(out[:first], holdings[c.SALES, :first], self.goods_turned)
        self.check_diversion(now, first)
        self.close_to(
            now["pipeline"].sum(axis=0) - was["pipeline"].sum(axis=0), shipped - arrived, self.goods_turned
        )
        # what is ordered and not here is an order in transit, in the supplier's backlog or under way as goods
        in_transit = now["orders_in_transit"].sum(axis=0)
        waiting = in_transit + links[c.BACKLOG] + now["pipeline"].sum(axis=0)
        waiting = self.by_holding(waiting, c.BUYER_HOLDING)
        self.close_to(holdings[c.ON_ORDER], waiting, self.goods_turned)
        owed = self.by_holding(links[c.BACKLOG], c.SUPPLIER_HOLDING)
        self.close_to(holdings[c.OWED, :first], owed[:first], self.goods_turned)
        # orders of a week are in transit until they reach their supplier
        active = self.run.terms.links[c.LINK_ACTIVE]
        placed = active * holdings[c.ORDER][self.run.world.links_index[c.BUYER_HOLDING]]
        arrived = links[c.ORDERED]
        self.close_to(in_transit - was["orders_in_transit"].sum(axis=0), placed - arrived, self.goods_turned)
        # what was owed is served before this week's demand
        at_once = holdings[c.SALES] - holdings[c.LATE_SALES]
        self.close_to(
            at_once[:first],
            np.maximum(0.0, holdings[c.DEMAND] - holdings[c.OWED])[:first],
            self.goods_turned,
        )
        assert np.all(holdings[c.LATE_SALES] <= was["holdings"][c.OWED] + 1e-9)
        self.check_consumers(now, first)

    def check_diversion(self, now, first):
        """Check that what one side diverts the other receives, brand by brand, and who lost the sale."""
        holdings, brand = now["holdings"], self.run.world.holdings_index[c.BRAND]
        assert not holdings[c.DIVERTED, first:].any()
        assert not holdings[c.DIVERTED_IN, :first].any()
        sums = [np.bincount(brand, holdings[k]) for k in (c.DIVERTED, c.DIVERTED_IN, c.LOST_TO_DIVERSION)]
        self.close_to(sums[0], sums[1], self.goods_turned)
        self.close_to(sums[2], sums[1], self.goods_turned)
        assert np.all(holdings[c.DIVERTED] <= holdings[c.DIVERSION] + 1e-9)
        share = self.run.channel.scenario.diversion.acceptance
        assert np.all(holdings[c.DIVERTED_IN] <= share * holdings[c.MEAN_DEMAND] + 1e-9)

    def check_consumers(self, now, first):
        demand = self.run.channel.scenario.demand
        shelf, was = now["holdings"][:, first:], self.before["holdings"][:, first:]
        if demand.unmet == "backlogged":
            unserved = shelf[c.DEMAND] - shelf[c.SALES]
            self.close_to(shelf[c.OWED] - was[c.OWED], unserved, self.goods_turned)
        elif demand.substitution == 0.0:
            assert np.all(shelf[c.SALES] <= shelf[c.DEMAND])
        else:
            index = self.run.world.territories_index
            for t in range(index.shape[1]):
                rows = slice(index[c.FIRST_SHELF, t], index[c.END_SHELF, t])
                assert shelf[c.SALES, rows].sum() <= shelf[c.DEMAND, rows].sum() * (1.0 + 1e-12)
        listed = self.run.terms.holdings[c.LISTED, first:]
        assert not shelf[c.SALES][listed == 0].any()

    def cleared(self, now):
        """Return what newsvendors cleared this week."""
        scenario, index = self.run.channel.scenario, self.run.world.holdings_index
        closes = self.run.week % scenario.season_weeks == 0  # the week counter has moved on
        seasonal = index[c.ORDER_RULE] == ORDER_NEWSVENDOR
        seasonal[: self.run.channel.holdings_of_tier(0).stop] = False
        return np.where(seasonal & closes, now["holdings"][c.CLEARED], 0.0)

    def check_money(self, now):
        run, world, was = self.run, self.run.world, self.before
        holdings, links, first = now["holdings"], now["links"], run.channel.first_shelf
        consumers = (holdings[c.PRICE] * holdings[c.SALES])[first:].sum()
        invoices, payments = links[c.INVOICE], links[c.PAYMENT]
        self.money_turned += consumers + invoices.sum() + payments.sum()
        self.close_to(invoices, self.invoiced(links), self.money_turned)
        if run.channel.scenario.credit:
            self.close_to(links[c.DEBT] - was["links"][c.DEBT], invoices - payments, self.money_turned)
            self.close_to(links[c.DEBT], links[c.ARREARS] + now["payables"].sum(axis=0), self.money_turned)
        else:
            payments = invoices
        diverted, bought = holdings[c.DIVERTED_REVENUE], holdings[c.DIVERTED_IN_COST]
        self.close_to(diverted.sum(), bought.sum(), self.money_turned)
        paid = self.by_holding(payments, c.BUYER_HOLDING) + bought
        self.close_to(paid, holdings[c.PAID], self.money_turned)
        received = self.by_holding(payments, c.SUPPLIER_HOLDING) + diverted
        self.close_to(received[:first], holdings[c.RECEIVED, :first], self.money_turned)
        member = world.holdings_index[c.MEMBER]
        top = np.arange(len(member)) < run.channel.holdings_of_tier(0).stop
        rate = world.holdings[c.HOLDING_RATE] + world.holdings[c.OBSOLESCENCE]
        unit_cost, cleared = holdings[c.UNIT_COST], self.cleared(now)
        spent = (
            rate * unit_cost * holdings[c.STOCK]
            + 0.5 * self.trained_cost() * holdings[c.SERVICE] ** 2
            + world.holdings[c.HANDLING_COST] * holdings[c.SALES]
            + np.where(top, unit_cost * holdings[c.SALES], 0.0)
        )
        salvaged = world.holdings[c.SALVAGE] * unit_cost * cleared
        earned = np.where(np.arange(len(member)) < first, received, holdings[c.PRICE] * holdings[c.SALES])
        transferred, attention = self.transfers(now)
        received = self.incentives(now)
        transferred = transferred + received
        fines, watching = self.fines(now), self.watching(now)
        spent += watching + holdings[c.DIVERSION_TRANSPORT]
        flow = earned - paid - spent + salvaged + transferred - attention + fines
        beside, training = self.side_payments(now)
        flow += beside
        weekly = run.terms.members[c.WEEKLY_COST]
        fees, fee_income = self.listing_fees(len(weekly))
        by_member = np.bincount(member, weights=flow, minlength=len(weekly)) - weekly - fees + fee_income
        self.money_turned += spent.sum() + weekly.sum() + fees.sum()
        self.check_profit(now, consumers, spent.sum() + weekly.sum() + attention.sum() + training)
        change = now["members"][c.CASH] - was["members"][c.CASH]
        self.close_to(change, by_member, self.money_turned)
        # payments between members net out, rewards and fines too
        whole = consumers - spent.sum() - weekly.sum() + salvaged.sum() - attention.sum() - training
        self.close_to(change.sum(), whole, self.money_turned)

    def invoiced(self, links):
        """Return what shipments are invoiced: the list price less what the contract's discount takes off."""
        shipped, off = links[c.SHIPPED], np.zeros(links.shape[1])
        contracts = self.run.channel.scenario.contracts
        plan = self.run.terms.incentives[c.PLAN] if self.run.terms.incentives.shape[1] else None
        for k, of_link in enumerate(self.run.channel.links.contract):
            given = contracts[of_link].quantity_discount
            if given is None or not self.run.terms.links[c.LINK_ACTIVE, k]:
                continue
            before = 0.0
            for step in given.steps:
                threshold = step.threshold * (plan[k] if given.measure == "plan" else 1.0)
                if given.measure == "plan" and plan[k] == 0.0:
                    continue
                if given.mode == "all_unit" and shipped[k] >= threshold:
                    off[k] = step.discount * shipped[k]
                elif given.mode == "incremental":
                    off[k] += (step.discount - before) * max(shipped[k] - threshold, 0.0)
                    before = step.discount
        return (shipped - off) * links[c.WHOLESALE_PRICE]

    def incentives(self, now):
        """Return rebates, bonuses, refunds and shared revenue received less those paid, by holding."""
        rows, size = now["incentives"], now["holdings"].shape[1]
        if not rows.shape[1]:
            return np.zeros(size)
        assert rows[c.DISCOUNT : c.SHARED_REVENUE + 1].min() >= -1e-9
        net = rows[c.REBATE] + rows[c.BONUS] + rows[c.REFUND] - rows[c.SHARED_REVENUE]
        self.money_turned += np.abs(net).sum()
        return self.by_holding(net, c.BUYER_HOLDING) - self.by_holding(net, c.SUPPLIER_HOLDING)

    def check_profit(self, now, consumers, spent):
        """Check that what members earn is what consumers pay less costs, goods valued at unit cost."""
        holdings, members = now["holdings"], now["members"]
        shipped = self.by_holding(now["links"][c.SHIPPED], c.BUYER_HOLDING)
        produces = np.arange(holdings.shape[1]) < self.run.channel.holdings_of_tier(0).stop
        came, gone = shipped + holdings[c.DIVERTED_IN], holdings[c.SALES] + self.cleared(now)
        stocked = np.where(produces, 0.0, came - gone) * holdings[c.UNIT_COST]
        salvaged = self.run.world.holdings[c.SALVAGE] * holdings[c.UNIT_COST] * self.cleared(now)
        earned = consumers - spent + stocked.sum() + salvaged.sum()
        found = members[c.PROFIT].sum() + members[c.FINANCE_COST].sum()
        self.close_to(found, earned, self.money_turned)

    def fines(self, now):
        """Return fines for diversion received less paid, by holding: they go to the maker of the brand."""
        paid, brand = now["holdings"][c.DIVERSION_FINE], self.run.world.holdings_index[c.BRAND]
        moved = -paid
        for b in np.unique(brand[paid > 0]):
            moved[np.flatnonzero(brand == b)[0]] += paid[brand == b].sum()
        self.close_to(moved.sum(), 0.0, self.money_turned + paid.sum())
        return moved

    def watching(self, now):
        """Return what makers spend on monitoring and serial numbers, by holding."""
        diversion, brand = self.run.channel.scenario.diversion, self.run.world.holdings_index[c.BRAND]
        spent = np.zeros(brand.size)
        if not diversion.active:
            return spent
        for b in np.unique(brand):
            maker = np.flatnonzero(brand == b)[0]
            spent[maker] = diversion.monitoring * self.run.channel.sizes.territories
            spent[maker] += (
                diversion.serial_tracking * diversion.tracking_cost * now["holdings"][c.SALES, maker]
            )
        return spent

    def trained_cost(self):
        """Return the cost of effort of every holding: less where its source trains."""
        run = self.run
        source, contracts = run.terms.holdings_index[c.SOURCE_LINK], run.channel.scenario.contracts
        contract = np.append(run.channel.links.contract, 0)  # there may be no link left
        training = np.array([k.training for k in contracts])[contract[source]]
        scale = run.channel.scenario.training_scale
        return run.world.holdings[c.SERVICE_COST] / (1.0 + np.where(source >= 0, training, 0.0) / scale)

    def side_payments(self, now):
        """Return what every holding receives less what it pays beside the unit price, and what training cost.

        Anew from the contracts: amounts per member are counted once for each member and contract in use.
        """
        run, terms, world = self.run, self.run.terms, self.run.world
        size = now["holdings"].shape[1]
        contracts, index = run.channel.scenario.contracts, world.links_index
        brands, owners = run.channel.scenario.brands, run.channel.members.owners
        net, trained, seen = np.zeros(size), 0.0, {}
        of_members = np.zeros((6, run.channel.sizes.members))
        for k in np.flatnonzero(terms.links[c.LINK_ACTIVE] > 0):
            buyer, at = index[c.BUYER_HOLDING, k], index[c.SUPPLIER_HOLDING, k]
            contract = contracts[run.channel.links.contract[k]]
            member = index[c.BUYER_MEMBER, k]
            seen.setdefault((run.channel.links.contract[k], member), []).append(k)
            brand = brands[world.holdings_index[c.BRAND, at]]
            while contract.principal == "maker" and terms.holdings_index[c.SOURCE_LINK, at] >= 0:
                if owners[run.channel.members.owner[world.holdings_index[c.MEMBER, at]]] == brand.owner:
                    break
                at = index[c.SUPPLIER_HOLDING, terms.holdings_index[c.SOURCE_LINK, at]]
            assert terms.links_index[c.PRINCIPAL_HOLDING, k] == at
            effort_cost = 0.5 * self.trained_cost()[buyer] * now["holdings"][c.SERVICE, buyer] ** 2
            offered = now["holdings"][c.OFFERED, buyer]
            support = offered * contract.cooperative_share * effort_cost
            training, fee, paid = now["links"][
                [c.TRAINING_SPENT, c.FRANCHISE_FEE_PAID, c.COMPENSATION_GRANTED], k
            ]
            net[buyer] += support + paid - fee
            net[at] -= support + paid - fee + training
            trained += training
            of_members[[1, 2, 5], member] += support, fee, paid
            of_members[[0, 3, 4], world.holdings_index[c.MEMBER, at]] += support + training, fee, paid
        self.money_turned += np.abs(net).sum() + trained
        for (contract, member), links in seen.items():
            offered = np.mean(now["holdings"][c.OFFERED, index[c.BUYER_HOLDING, links]])
            accepted = terms.members[c.DEALS_EXCLUSIVELY, member]
            for name, row, share in (
                ("training", c.TRAINING_SPENT, 1.0),
                ("franchise_fee", c.FRANCHISE_FEE_PAID, 1.0),
                ("compensation", c.COMPENSATION_GRANTED, accepted),
            ):
                wanted = getattr(contracts[contract], name) * share * offered
                self.close_to(now["links"][row, links].sum(), wanted, self.money_turned)
        first = c.SUPPORT_PAID
        self.close_to(now["members"][first : first + 6], of_members, self.money_turned)
        return net, trained

    def listing_fees(self, members):
        """Return what members pay and receive, shelf by shelf: its supplier pays what its store asks."""
        run, paid, received = self.run, np.zeros(members), np.zeros(members)
        groups, owner = run.channel.scenario.members, run.channel.members.owner
        for h in range(run.channel.first_shelf, run.channel.sizes.holdings):
            link = run.terms.holdings_index[c.SOURCE_LINK, h]
            store = run.world.holdings_index[c.MEMBER, h]
            fee = groups[run.channel.members.group[store]].listing_fee
            supplier = run.world.links_index[c.SUPPLIER_MEMBER, link]
            if link >= 0 and owner[supplier] != owner[store]:
                paid[supplier] += fee
                received[store] += fee
        self.close_to(paid, run.terms.members[c.LISTING_FEES_PAID], 1.0 + paid.sum())
        self.close_to(received, run.terms.members[c.LISTING_FEES_RECEIVED], 1.0 + paid.sum())
        return paid, received

    def transfers(self, now):
        """Return rewards and fines received less paid, and what attention cost, by holding."""
        rows, influence, size = now["relationships"], self.run.terms.influence, now["holdings"].shape[1]
        link, of_link = influence.booked_index[c.BOOKED_LINK], influence.booked_index[c.BOOKED_RELATIONSHIP]
        ends = [self.run.world.links_index[k, link] for k in (c.SUPPLIER_HOLDING, c.BUYER_HOLDING)]
        transferred, attention = np.zeros(size), np.zeros(size)
        shares = influence.booked[c.BOOKED_SHARE]
        if len(link):
            self.close_to(np.bincount(of_link, shares)[np.unique(of_link)], 1.0, 1.0)
        for side in range(2):
            paid = (rows[c.REWARD_PAID_OF_SUPPLIER + side] + rows[c.FINE_PAID_OF_SUPPLIER + side])[of_link]
            self.money_turned += paid.sum()
            np.add.at(transferred, ends[side], -shares * paid)
            np.add.at(transferred, ends[1 - side], shares * paid)
            spent = rows[c.ATTENTION_SPENT_OF_SUPPLIER + side][of_link]
            np.add.at(attention, ends[side], shares * spent)
        self.close_to(transferred, now["holdings"][c.TRANSFER], self.money_turned)
        self.close_to(transferred.sum(), 0.0, self.money_turned)
        return transferred, attention

    @staticmethod
    def close_to(found, expected, turnover):
        gap = np.abs(np.asarray(found) - expected)
        assert gap.max(initial=0.0) <= 1e-10 * turnover, (found, expected)


def check_listing(run):
    """Check that no store lists more brands than it has shelves for."""
    listed, store = run.terms.holdings[c.LISTED], run.world.holdings_index[c.MEMBER]
    count = np.bincount(store, listed, run.channel.sizes.members)
    for m in range(run.channel.first_store, len(count)):
        limit = run.channel.scenario.members[run.channel.members.group[m]].listing_limit
        assert limit is None or count[m] <= limit


def run_and_check(scenario, policy, replication, seed, active_only=False):
    run = Run(scenario, policy, replication, seed, active_only=active_only)
    ledger = Ledger(run)
    check_listing(run)
    constrained = run.world.members_index[c.LIQUIDITY] == 1
    for _ in range(scenario.weeks):
        cash = run.state.members[c.CASH].copy()
        for planned in run.steps():
            assert np.isfinite(run.state.flat).all(), planned.step.name
            if planned.code in (PROPOSE_PAYMENT_FROM_CASH, SETTLE_PAYMENTS):
                made = run.state.members[c.PAYMENT_MADE]
                bill = run.state.members[c.PAYMENT_DUE]
                assert np.all(made <= bill)
                if constrained.any():
                    assert np.all(made[constrained] <= np.maximum(cash[constrained], 0.0))
        ledger.check_week()
    return ledger


@given(scenarios(), policies(), st.integers(0, 2), st.integers(0, 2**63 - 1))
def test_goods_and_money_are_conserved(scenario, policy, replication, seed):
    run_and_check(scenario, policy, replication, seed)
    run_and_check(scenario, policy, replication + 1, seed, active_only=True)
    if hasattr(kernels().run_span, "signatures"):
        assert len(kernels().run_span.signatures) == 1  # all scenarios have arrays of the same kinds


@settings(phases=[Phase.generate])
@given(influenced(), policies(), st.integers(0, 2**63 - 1))
def test_conserved_where_members_promise_and_fine(scenario, policy, seed):
    ledger = run_and_check(scenario, policy, 0, seed, active_only=True)
    rows = ledger.run.state.relationships
    for name in FEATURES:
        values = rows[position(name)]
        assert values.min(initial=0.0) >= 0.0, name
        assert values.max(initial=0.0) <= 1.0, name
    owed = rows[c.REWARDS_OPEN_OF_SUPPLIER : c.REWARDS_OPEN_OF_BUYER + 1]
    assert owed.min(initial=0.0) >= 0.0
    used = rows[c.COERCIVE_USE_OF_SUPPLIER : c.NONCOERCIVE_USE_OF_BUYER + 1].sum()
    assert (rows[c.ATTENTION_SPENT_OF_SUPPLIER : c.ATTENTION_SPENT_OF_BUYER + 1].sum() > 0.0) == (used > 0.0)


@settings(phases=[Phase.generate])
@given(st.data(), policies(), st.integers(0, 2**63 - 1))
def test_conserved_where_members_divert(data, policy, seed):
    scenario = data.draw(scenarios(AIMING_ORDERS).filter(has_distributors_in_two_places))
    scenario = data.draw(diverting(scenario))
    event(f"active: {scenario.diversion.active}")
    ledger = run_and_check(scenario, policy, 0, seed)
    run_and_check(scenario, policy, 1, seed, active_only=True)
    if scenario.diversion.active:
        assert ledger.run.channel.sizes.routes > 0


@pytest.mark.parametrize("credit", [False, True])
def test_conserved_between_two_places(credit):
    changes = {"demand.noise": "poisson", "weeks": 12, "credit": credit}
    ledger = run_and_check(two_places(**changes), None, 0, 1)
    assert ledger.before["holdings"][c.DIVERTED].sum() > 0.0


def has_distributors_in_two_places(scenario):
    return len(scenario.territories) == 2 and any(g.name == "wholesale" for g in scenario.members)


@settings(phases=[Phase.generate])
@given(supported(), policies(), st.integers(0, 2**63 - 1))
def test_conserved_where_contracts_pay_beside_the_price(scenario, policy, seed):
    ledger = run_and_check(scenario, policy, 0, seed, active_only=True)
    kinds = {k for contract in scenario.contracts for k in BESIDE_THE_PRICE if getattr(contract, k)}
    codes = [planned.code for planned in ledger.run.driver.plan]
    assert (SETTLE_SIDE_PAYMENTS in codes) == (CHARGE_SIDE_PAYMENTS in codes)
    assert "franchise_fee" in kinds or SETTLE_SIDE_PAYMENTS not in codes


@settings(phases=[Phase.generate])
@given(scenarios(SEASONAL_ORDERS), policies(), st.integers(0, 2**63 - 1))
def test_conserved_where_seasons_are_cleared(scenario, policy, seed):
    run_and_check(scenario, policy, 0, seed)


@pytest.mark.parametrize("rule", ["vertical_nash", "leader"])
@pytest.mark.parametrize("system", ["linear", "logit"])
def test_conserved_where_suppliers_price_by_best_response(rule, system):
    scenario = Scenario.from_library("bilateral").replace(
        **{
            "weeks": 8,
            "warm_up_weeks": 0,
            "review_weeks": 3,
            "demand.system": system,
            "demand.noise": "poisson",
            "members.maker.pricing.rule": rule,
            "segments.all.equity": 6.0,
            "segments.all.price_sensitivity": 0.1,
        }
    )
    assert run_and_check(scenario, None, 0, 1).goods_turned > 50.0


def test_the_ledger_sees_a_leak():
    scenario = Scenario.from_library("bilateral")
    run = Run(scenario)
    ledger = Ledger(run)
    run.take_week()
    ledger.check_week()
    for table, row in (("holdings", c.STOCK), ("members", c.CASH), ("holdings", c.ON_ORDER)):
        run.take_week()
        values = getattr(run.state, table)
        values[row, -1] += 1e-6
        with pytest.raises(AssertionError):
            ledger.check_week()
        values[row, -1] -= 1e-6
        ledger.before = ledger.copy(run.state)
