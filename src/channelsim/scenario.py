"""The scenario: what the world is, as validated data (pydantic) read from and written to TOML.

A scenario holds groups, not rows: territories, consumer segments, brands, member groups with their
rules, contracts between groups, demand and events (`channelsim.parts`, `channelsim.member_parts`).
`channelsim.world` expands it.
Unknown fields are refused, no path leads outside the scenario's folder and nothing in a scenario is
executed.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from channelsim.consistency import check
from channelsim.diversion_parts import Diversion
from channelsim.effects import effect_values, read_effects
from channelsim.errors import ScenarioError
from channelsim.files import read_toml, write_whole
from channelsim.influence_parts import Attempt, Bases, Relations
from channelsim.member_parts import Contract, MemberGroup
from channelsim.parts import Brand, Demand, Document, Event, Name, Segment, TerritoryGroup, number
from channelsim.paths import assign, differences
from channelsim.power_parts import Bargaining, Power

FORMAT = 1


class Scenario(Document):
    """A marketing channel and its market, ready to be expanded, simulated and changed.

    Load one with `Scenario.from_library` or `Scenario.load`, change it with `replace`.
    """

    scenario_format: Literal[1] = Field(description="version of the file format")
    name: Name
    title: str = Field(default="", description="for people")
    description: str = Field(default="", description="what it is, where its numbers come from")
    focal: str = Field(default="", description="the firm whose plan it is; default: owner of the first brand")
    weeks: int = Field(default=104, ge=1, le=10_000, description="length of a run")
    warm_up_weeks: int = Field(default=0, ge=0, description="first weeks that metrics leave out")
    build_seed: int = Field(
        default=1,
        ge=0,
        lt=2**31,
        description="seed of places and drawn attributes, apart from the run's seed",
    )
    price_review_weeks: int = number("price_review_weeks", whole=True)
    review_weeks: int = number("review_weeks", whole=True)
    season_weeks: int = number("season_weeks", whole=True)
    cost_of_capital: float = number("cost_of_capital")
    credit: bool = Field(
        default=False,
        description="invoices are payable after the contract's credit weeks; off: paid when made out",
    )
    maximum_credit_weeks: int | None = Field(
        default=None,
        ge=0,
        le=52,
        description="longest credit for which the world is built, so that policies can grant it; default: "
        "the contracts' longest",
    )
    training_scale: float = number("training_scale")
    demand: Demand = Demand()
    power: Power = Power()
    bargaining: Bargaining = Bargaining()
    relations: Relations = Relations()
    bases: Bases = Bases()
    diversion: Diversion = Diversion()
    territories: list[TerritoryGroup] = Field(default=[TerritoryGroup()], min_length=1)
    segments: list[Segment] = Field(default=[Segment(name="all")], min_length=1)
    brands: list[Brand] = Field(min_length=1)
    members: list[MemberGroup] = Field(min_length=2)
    contracts: list[Contract] = Field(min_length=1)
    influence: list[Attempt] = Field(default=[], description="who asks whom for what, and how")
    events: list[Event] = Field(default=[], description="dated changes of exogenous columns")
    _folder: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check(self)
        return self

    @property
    def folder(self) -> Path:
        """Folder against which the scenario's tables are read."""
        return self._folder or library_folder()

    def __eq__(self, other: object) -> bool:
        """Compare what the scenarios say; where their tables lie is no part of it."""
        return isinstance(other, Scenario) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def parse(cls, data: dict[str, Any], *, where: str = "scenario", folder: Path | None = None) -> Scenario:
        """Validate a scenario given as plain data.

        Parameters
        ----------
        data : dict
            The fields, as a TOML file holds them.
        where : str
            What an error message names first.
        folder : Path, optional
            Folder of the tables; default the library's.

        Raises
        ------
        ScenarioError
            One line that names the field, the value and what is admissible.
        """
        if not isinstance(data, dict):
            raise ScenarioError(f"{where}: expected a table of fields, got {type(data).__name__}")
        version = data.get("scenario_format")
        if version is None:
            raise ScenarioError(f"{where}: scenario_format is missing: write scenario_format = {FORMAT}")
        if isinstance(version, int) and version > FORMAT:
            raise ScenarioError(
                f"{where}: scenario_format = {version} is newer than this version of channelsim, which reads "
                f"{FORMAT}: update channelsim"
            )
        if version != FORMAT:
            raise ScenarioError(f"{where}: scenario_format = {version!r} is not known; write {FORMAT}")
        try:
            scenario = cls(**data)
        except ScenarioError as error:
            raise ScenarioError(f"{where}: {error}") from None
        scenario._folder = folder
        return scenario

    @classmethod
    def load(cls, path: str | Path) -> Scenario:
        """Read a scenario from a TOML file; its tables lie in the same folder.

        Raises
        ------
        ScenarioError
            If the file is not there, is not TOML, or does not describe an admissible scenario.
        """
        path = Path(path)
        data = read_toml(path, "; `channelsim scenarios` lists the library")
        return cls.parse(data, where=path.name, folder=path.parent)

    @classmethod
    def from_library(cls, name: str) -> Scenario:
        """Return a scenario of the library, by name; those of its folders as ``folder/name``."""
        if not in_library(name):
            raise ScenarioError(f"scenario {name!r} is not in the library: {', '.join(library_names())}")
        return cls.load(library_folder() / f"{name}.toml")

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario as plain data, without fields left at their defaults."""
        return {"scenario_format": FORMAT, **self.model_dump(exclude_defaults=True, exclude_none=True)}

    def save(self, path: str | Path) -> None:
        """Write the scenario as TOML, whole or not at all; the tables it names are copied beside it.

        Raises
        ------
        ScenarioError
            If another table of the same name already lies there.
        """
        import tomli_w

        path = Path(path)
        copies = {path.parent / table.relative_to(self.folder): table.read_bytes() for table in self.tables()}
        for target, content in copies.items():
            if target.exists() and target.read_bytes() != content:
                raise ScenarioError(f"{target}: another table of that name is already there; save elsewhere")
        for target, content in copies.items():
            if not target.exists():
                write_whole(target, content)
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
        effects = self.relations.effects
        given = [self.demand.trace_table, effects if isinstance(effects, str) else None]
        names = [t.table for t in self.territories if t.table] + [t for t in given if t]
        return [self.path_of(name) for name in names]

    def path_of(self, name: str) -> Path:
        """Return the path of a table beside the scenario; see `tables`."""
        path, inside = self.folder / name, False
        with suppress(OSError, RuntimeError, ValueError):  # loops of links, names that no file can have
            inside = not Path(name).is_absolute() and path.resolve().is_relative_to(self.folder.resolve())
        if not inside:
            raise ScenarioError(f"{self.name}: table {name!r} leads outside the scenario's folder")
        if not path.is_file():
            raise ScenarioError(f"{self.name}: table {name!r} is not in the scenario's folder {self.folder}")
        return path

    def effect_values(self) -> list[float]:
        """Return the effects of influence and relations in the order of their table, with the scenario's own.

        Raises
        ------
        ScenarioError
            If the scenario's table of effects is not admissible.
        """
        given, where = self.relations.effects, "relations.effects"
        if isinstance(given, str):
            try:
                given = read_effects(self.path_of(given).read_text(encoding="utf-8"), given)
            except UnicodeDecodeError:
                raise ScenarioError(f"{where} = {given!r}: is no text in UTF-8") from None
        return effect_values(given, where)

    def digest(self) -> str:
        """Return a hash of the scenario and the content of the tables it reads."""
        content = hashlib.sha256(self.model_dump_json().encode())
        for path in self.tables():
            content.update(path.read_bytes())
        return content.hexdigest()[:16]


def library_folder() -> Path:
    """Return the folder of the library's scenarios."""
    return Path(str(files("channelsim").joinpath("library")))


def library_names(folder: str = "") -> list[str]:
    """Return the names of the library's scenarios, or of those in one of its folders: "verification"."""
    inside = library_folder() / folder
    return sorted(
        path.relative_to(library_folder()).with_suffix("").as_posix() for path in inside.glob("*.toml")
    )


def in_library(name: str) -> bool:
    """Return whether a name is that of a scenario of the library or of the verification's."""
    return name in library_names() or name in library_names("verification")
