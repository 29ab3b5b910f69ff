"""The scenario: what the world is, as validated data (pydantic) read from and written to TOML.

A scenario holds groups, not rows: territories, consumer segments, brands, member groups with their
rules, contracts between groups, demand and events. `channelsim.world` expands it. Unknown fields are
refused, no path leads outside the scenario's folder and nothing in a scenario is executed. Defaults,
bounds, units and sources of numeric fields come from `channelsim.schema`.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from channelsim.codes import (
    CONSUMER_ROLES,
    DEMAND_SYSTEMS,
    NOISES,
    STORE_PRICE_RULES,
    SUPPLIER_PRICE_RULES,
    UNMET_DEMAND,
)
from channelsim.errors import ScenarioError
from channelsim.paths import assign, differences, one_line
from channelsim.schema import column

FORMAT = 1
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][^\t\n\r.]*$", max_length=60)]


def number(name: str, **changes: Any) -> Any:
    """Return a pydantic field with the default, bounds, unit, meaning and source of a schema column."""
    c = column(name)
    options: dict[str, Any] = {
        "default": c.default,
        "description": c.meaning,
        "json_schema_extra": {"unit": c.unit, "symbol": c.symbol, "source": c.source},
    }
    if isfinite(c.low):
        options["ge"] = c.low
    if isfinite(c.high):
        options["le"] = c.high
    return Field(**(options | changes))


class Part(BaseModel):
    """Base of all parts: unknown fields refused, values frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Distribution(Part):
    """Members of a group differ: an attribute drawn per member in ``build_seed``, keyed by the member."""

    distribution: Literal["uniform", "normal", "lognormal"]
    mean: float = Field(0.0, description="mean (lognormal: mean of the value itself)")
    deviation: float = Field(0.0, ge=0, description="standard deviation (uniform: half-width)")
    low: float | None = Field(None, description="draws below are set to it")
    high: float | None = Field(None, description="draws above are set to it")


Attribute = float | Distribution
PerBrand = float | dict[str, float]


def attribute(name: str) -> Any:
    """Return a field that takes a number within the column's bounds or a distribution."""
    c = column(name)
    extra = {"unit": c.unit, "symbol": c.symbol, "source": c.source, "low": c.low, "high": c.high}
    return Field(c.default, description=c.meaning, json_schema_extra=extra)


class TerritoryGroup(Part):
    """Territories: one by name, several alike (``count``), or a table of them beside the scenario."""

    name: Name = Field("territory", description="name; with count, the stem of the names")
    count: int = Field(1, ge=1, le=100_000, description="number of territories alike")
    table: str | None = Field(None, description="CSV file in the scenario's folder: one territory a row, columns as below")
    territory_class: str = Field("", description="class of the territory, by which groups and policies may differ")
    buyers: float = number("buyers")
    buyers_per_1000: float | None = Field(None, gt=0, description="weekly buyers per 1,000 inhabitants of the table's population column")
    area: float = number("area")
    centre_x: float = number("centre_x")
    centre_y: float = number("centre_y")
    season_amplitude: float = number("season_amplitude")
    season_peak_week: float = number("season_peak_week")
    growth: float = number("growth")
    zones: int = Field(1, ge=1, le=200, description="demand zones of the territory")
    zone_concentration: float = Field(0.0, ge=0, le=20, description="how much denser the centre is: weight e^(-concentration·r/R)")


class Segment(Part):
    """Consumers alike in what they want."""

    name: Name
    share: float | dict[str, float] = Field(1.0, description="share of the buyers, or shares by territory class")
    price_sensitivity: float = number("price_sensitivity")
    travel_cost: float = number("travel_cost")
    service_weight: float = number("service_weight")
    waiting_weight: float = number("waiting_weight")
    variety_weight: float = number("variety_weight")
    lot_size_weight: float = number("lot_size_weight")
    wanted_lot_size: float = number("wanted_lot_size")
    equity: PerBrand = Field(0.0, description="utility of each brand (one number: the same for all)")


class Brand(Part):
    """A brand and its owner."""

    name: Name
    owner: Name = Field("", description="firm that owns the brand; default: a firm of the brand's name")
    production_cost: float = number("production_cost")


class Pricing(Part):
    """How the members of a group set their prices."""

    rule: Literal["fixed", "markup", "suggested", "best_response", "minimum", "maximum", "posted", "vertical_nash", "leader"] = Field(
        "fixed", description=f"stores: {', '.join(STORE_PRICE_RULES)}; suppliers: {', '.join(SUPPLIER_PRICE_RULES)}"
    )
    opening: PerBrand | None = Field(None, description="price at the start; default: markup × unit cost")
    markup: float = number("markup")
    bound: PerBrand = Field(0.0, description="suggested, minimum or maximum price")
    adjustment: float = number("price_adjustment")
    one_price: bool = Field(False, description="best response: one price for the whole group instead of one per member")


class Ordering(Part):
    """How the members of a group forecast and order."""

    rule: Literal["order_up_to", "reorder_point", "base_stock", "newsvendor", "anchoring", "pass_through"] = "order_up_to"
    forecast: Literal["exponential_smoothing", "moving_average", "known_mean"] = "exponential_smoothing"
    smoothing: float = number("smoothing")
    window: int = number("forecast_window")
    safety: Literal["given", "critical_fractile"] = "given"
    safety_factor: float = number("safety_factor")
    goodwill: float = number("goodwill")
    reorder_point: float = number("reorder_point")
    base_stock: float = number("base_stock")
    salvage: float = number("salvage")
    anchor: float = number("anchor")
    stock_adjustment: float = number("stock_adjustment")
    supply_line_weight: float = number("supply_line_weight")
    opening_stock: float | None = Field(None, ge=0, description="units at the start; default: the rule's own target")
    opening_pipeline: float = Field(0.0, ge=0, description="units arriving in each week of the first lead time")
    opening_forecast: float | None = Field(None, ge=0, description="units per week; default: expected demand at opening prices")
    opening_deviation: float | None = Field(None, ge=0, description="forecast error at the start; default: that of the noise")


class MemberGroup(Part):
    """Members alike in role and rules; their number per territory is the channel's density."""

    name: Name
    role: Literal["plant", "manufacturer", "office", "agent", "distributor", "integrator", "retailer", "direct_outlet"]
    count: int | None = Field(None, ge=0, le=100_000, description="members in all, not tied to a territory")
    per_territory: float | dict[str, float] | None = Field(None, description="members per territory, or by territory class")
    buyers_per_member: float | dict[str, float] | None = Field(None, description="one member per so many weekly buyers (at least one a territory), or by territory class")
    maximum_scale: float = Field(1.0, ge=1, le=20, description="the network is built for so many times the base density")
    territories: list[str] = Field([], description="names or classes of the territories served; empty: all")
    placement: Literal["scattered", "demand", "centre"] = Field("scattered", description="evenly, where buyers are, or at the centre")
    owner: str = Field("", description="owning firm, for chains and manufacturers; empty: each member on its own")
    suppliers: list[str] = Field([], description="supplying groups, the preferred first")
    alternates: int = Field(0, ge=0, le=20, description="further suppliers of each kind built as alternates")
    reach_km: float = Field(0.0, ge=0, description="suppliers up to this far outside the territory are in reach")
    brands: list[str] = Field([], description="brands carried; empty: all that the suppliers carry (top tier: all)")
    loyalty: Attribute = attribute("loyalty")
    fixed_cost: Attribute = attribute("fixed_cost")
    servicing_cost: Attribute = attribute("servicing_cost")
    capital: Attribute = attribute("capital")
    waiting: Attribute = attribute("waiting")
    lot_size: Attribute = attribute("lot_size")
    handling_cost: Attribute = attribute("handling_cost")
    service_cost: Attribute = attribute("service_cost")
    holding_rate: Attribute = attribute("holding_rate")
    obsolescence: Attribute = attribute("obsolescence")
    capacity: float = number("capacity", description="units of each brand that a top-tier member can ship a week")
    pays_from_cash: bool = Field(False, description="pays invoices only as far as its cash goes")
    opening_service: float = Field(0.0, ge=0, description="service effort at the start")
    pricing: Pricing = Pricing()
    ordering: Ordering = Ordering()

    @property
    def sells_to_consumers(self) -> bool:
        """Whether members of the group are stores."""
        return self.role in CONSUMER_ROLES


class Contract(Part):
    """Terms between two groups, for one brand or all."""

    supplier: Name
    buyer: Name
    brand: str = Field("", description="empty: all brands without a contract of their own")
    wholesale_price: float | None = Field(None, ge=0, description="posted price; may be left out where the supplier prices by markup")
    lead_time: int = number("lead_time", default=0)
    credit_weeks: int = number("credit_weeks", default=0)
    minimum_order: float = number("minimum_order")
    case_size: float = number("case_size")


class Demand(Part):
    """The demand system and its noise."""

    system: Literal["logit", "linear", "given"] = Field("logit", description=", ".join(DEMAND_SYSTEMS))
    noise: Literal["none", "poisson", "normal", "gamma"] = Field("none", description=", ".join(NOISES))
    variation: float = number("variation")
    unmet: Literal["lost", "backlogged"] = Field("lost", description=", ".join(UNMET_DEMAND))
    substitution: float = number("substitution")
    service_spillover: float = number("service_spillover")
    shock_persistence: float = number("shock_persistence")
    shock_deviation: float = number("shock_deviation")
    intercept: PerBrand = Field(0.0, description="linear: demand of a shelf at prices of zero, units per week")
    own_slope: PerBrand = Field(1.0, description="linear: units lost per unit of own price")
    cross_brand_slope: float = Field(0.0, ge=0, description="linear: units gained per unit of price of another brand in the store")
    cross_store_slope: float = Field(0.0, ge=0, description="linear: units gained per unit of price of the brand in another store")
    cross_slope: float = Field(0.0, ge=0, description="linear: units gained per unit of price of another brand in another store")
    mean: float | dict[str, float] = Field(0.0, description="given: units per shelf and week, or by member group")
    deviation: float | dict[str, float] | None = Field(None, description="given: standard deviation, or by member group")
    trace: list[float] = Field([], description="given: demand of every shelf week by week; the last value holds on")
    trace_table: str | None = Field(None, description="given: CSV file, one row a week, one column a member group")


class Event(Part):
    """A dated change of an exogenous column."""

    week: int = Field(ge=0)
    duration: int = Field(1, ge=1, description="weeks")
    column: str = Field(description="an exogenous column of the schema")
    operation: Literal["set", "add", "multiply"] = "multiply"
    value: float
    territories: list[str] = Field([], description="names or classes; empty: all")
    groups: list[str] = Field([], description="member groups (for links: of the supplier); empty: all")
    brands: list[str] = Field([], description="empty: all")


class Scenario(Part):
    """A marketing channel and its market, ready to be expanded, simulated and changed.

    Load one with `Scenario.from_library` or `Scenario.load`, change it with `replace`.
    """

    scenario_format: Literal[1] = Field(description="version of the file format")
    name: Name
    title: str = ""
    description: str = ""
    focal: str = Field("", description="the firm whose plan it is; default: owner of the first brand")
    weeks: int = Field(104, ge=1, le=10_000, description="length of a run")
    warm_up_weeks: int = Field(0, ge=0, description="first weeks that metrics leave out")
    build_seed: int = Field(1, ge=0, lt=2**31, description="seed of places and drawn attributes, apart from the run's seed")
    price_review_weeks: int = number("price_review_weeks")
    review_weeks: int = number("review_weeks")
    season_weeks: int = number("season_weeks")
    cost_of_capital: float = number("cost_of_capital")
    credit: bool = Field(False, description="invoices are payable after the contract's credit weeks; off: paid when made out")
    demand: Demand = Demand()
    territories: list[TerritoryGroup] = Field([TerritoryGroup()], min_length=1)
    segments: list[Segment] = Field([Segment(name="all")], min_length=1)
    brands: list[Brand] = Field(min_length=1)
    members: list[MemberGroup] = Field(min_length=2)
    contracts: list[Contract] = Field(min_length=1)
    events: list[Event] = []
    _folder: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        from channelsim.consistency import check  # the rules that span several parts

        check(self)
        return self

    @property
    def folder(self) -> Path:
        """Folder against which the scenario's tables are read."""
        return self._folder or library_folder()

    @classmethod
    def parse(cls, data: dict[str, Any], *, where: str = "scenario", folder: Path | None = None) -> Scenario:
        """Validate a scenario given as plain data.

        Raises
        ------
        ScenarioError
            One line that names the field, the value and what is admissible.
        """
        version = data.get("scenario_format")
        if version is None:
            raise ScenarioError(f"{where}: scenario_format is missing: write scenario_format = {FORMAT}")
        if version != FORMAT:
            raise ScenarioError(f"{where}: scenario_format = {version!r} is not known; this version reads {FORMAT}")
        try:
            scenario = cls.model_validate(data)
        except ValidationError as error:
            raise ScenarioError(f"{where}: {one_line(error, data)}") from None
        scenario._folder = folder
        return scenario

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Read a scenario from a TOML file; its tables lie in the same folder."""
        path = Path(path)
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ScenarioError(f"{path}: no such file; `channelsim scenarios` lists the library") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, IsADirectoryError) as error:
            raise ScenarioError(f"{path}: not a TOML file: {error}") from None
        return cls.parse(data, where=path.name, folder=path.parent)

    @classmethod
    def from_library(cls, name: str) -> Scenario:
        """Return a scenario of the library, by name."""
        if name not in library_names():
            raise ScenarioError(f"scenario {name!r} is not in the library: {', '.join(library_names())}")
        return cls.load(library_folder() / f"{name}.toml")

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario as plain data, without fields left at their defaults."""
        return {"scenario_format": FORMAT, **self.model_dump(exclude_defaults=True, exclude_none=True)}

    def save(self, path: str | Path) -> None:
        """Write the scenario as TOML, whole or not at all; tables it names are copied beside it."""
        import shutil

        import tomli_w

        from channelsim.files import write_whole

        path = Path(path)
        for table in self.tables():
            target = path.parent / table.relative_to(self.folder)
            if target.resolve() != table.resolve():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(table, target)
        write_whole(path, tomli_w.dumps(self.to_dict()))

    def replace(self, **changes: Any) -> Scenario:
        """Return a changed scenario; a name may be a path such as ``members.stores.loyalty``.

        Parts of a list are addressed by their name or position. Keyword names cannot hold dots: pass
        paths as ``replace(**{"demand.noise": "none"})``.

        Raises
        ------
        ScenarioError
            If a path leads nowhere or a value is not admissible.
        """
        data = json.loads(self.model_dump_json(exclude_none=True))
        for path, value in changes.items():
            assign(data, path, value, Scenario)
        return Scenario.parse(data, where=self.name, folder=self._folder)

    def diff(self, other: Scenario) -> dict[str, tuple[Any, Any]]:
        """Return ``{path: (value here, value there)}`` of all fields in which two scenarios differ."""
        return differences(json.loads(self.model_dump_json()), json.loads(other.model_dump_json()))

    def tables(self) -> list[Path]:
        """Return the files that the scenario reads, each checked to lie inside its folder.

        Raises
        ------
        ScenarioError
            If a path leads outside the folder or to no file.
        """
        names = [t.table for t in self.territories if t.table] + [t for t in [self.demand.trace_table] if t]
        return [self.path_of(name) for name in names]

    def path_of(self, name: str) -> Path:
        """Return the path of a table beside the scenario; see `tables`."""
        path = self.folder / name
        if Path(name).is_absolute() or not path.resolve().is_relative_to(self.folder.resolve()):
            raise ScenarioError(f"{self.name}: table {name!r} leads outside the scenario's folder")
        if not path.is_file():
            raise ScenarioError(f"{self.name}: table {name!r} is not in the scenario's folder")
        return path

    def digest(self) -> str:
        """Return a hash of the scenario and the tables it reads."""
        content = hashlib.sha256(self.model_dump_json().encode())
        for path in self.tables():
            content.update(path.read_bytes())
        return content.hexdigest()[:16]

    def build(self) -> Any:
        """Expand the scenario into its world; see `channelsim.world.build`."""
        from channelsim.world import build

        return build(self)


def library_folder() -> Path:
    """Return the folder of the library's scenarios."""
    return Path(str(files("channelsim").joinpath("library")))


def library_names() -> list[str]:
    """Return the names of the library's scenarios."""
    return sorted(path.stem for path in library_folder().glob("*.toml"))


