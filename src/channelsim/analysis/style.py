"""One look for all figures and reports: colours, fonts, and how numbers and units are written.

Colours are those of Okabe & Ito (2008), Color Universal Design, which people with any of the common
colour-vision deficiencies can tell apart; line styles and markers repeat what colours say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from math import floor, isfinite, log10
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, FAINT = "#222222", "#5f6368", "#d0d3d6"
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, YELLOW = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442",
)  # fmt: skip
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, YELLOW, "#000000", "#999999", "#7F5539")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
SEQUENTIAL, DIVERGING = "viridis", "PuOr"
ROLE_COLOURS = {
    "plant": "#000000", "manufacturer": BLUE, "office": SKY, "agent": PURPLE, "distributor": ORANGE,
    "integrator": YELLOW, "retailer": GREEN, "direct_outlet": VERMILION,
}  # fmt: skip

_SETTINGS: Any = {
    "font.family": "sans-serif", "font.size": 13, "axes.titlesize": 16, "axes.titleweight": "bold",
    "axes.titlelocation": "left", "axes.titlepad": 14, "axes.labelsize": 13, "axes.labelcolor": INK,
    "axes.edgecolor": MUTED, "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True,
    "axes.grid": False, "axes.unicode_minus": True, "axes.formatter.use_mathtext": False,
    "xtick.color": INK, "ytick.color": INK, "text.color": INK, "grid.color": FAINT, "grid.linewidth": 0.8,
    "legend.frameon": False, "legend.fontsize": 12, "figure.facecolor": "white", "axes.facecolor": "white",
    "savefig.facecolor": "white", "svg.fonttype": "path", "svg.hashsalt": "channelsim",
    "lines.linewidth": 2.2, "text.parse_math": False,
}  # fmt: skip

_SCALES = ((1e9, "billion"), (1e6, "million"), (1e3, "thousand"))


@contextmanager
def house_style() -> Iterator[None]:
    """Set the look for what is drawn inside, and leave matplotlib's own settings as they were."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches, that draws on no screen and that no global list keeps alive."""
    import sys

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if "ipykernel" in sys.modules:
        with suppress(ImportError):  # its import teaches a notebook to show a Figure
            import matplotlib_inline.backend_inline  # noqa: F401
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    figure = Figure(figsize=(width, height), dpi=110, layout=layout)
    FigureCanvasAgg(figure)
    return figure


def save_bytes(figure: Figure, kind: str) -> bytes:
    """Return a figure as the bytes of a file, "svg" or "png"; the same figure gives the same bytes."""
    from io import BytesIO

    stream = BytesIO()
    empty = {"svg": {"Date": None, "Creator": None, "Format": None, "Type": None}, "png": {"Software": None}}
    with house_style():
        if figure.get_layout_engine() is not None:  # each layout starts from the last: one for all files
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
        figure.savefig(stream, format=kind, metadata=empty[kind], dpi=150)
    return stream.getvalue()


def scale_of(values: Any, unit: str, currency: str = "money") -> tuple[float, str]:
    """Return the factor and the unit with which values are easily read: (1e6, "million yuan per week").

    Ratios (unit "–") become percentages. Values below 10,000 keep their unit.
    """
    if unit == "–":
        return 0.01, "%"
    named = unit.replace("money", currency)
    found = np.abs(np.asarray(values, dtype=np.float64)).ravel()
    found = found[np.isfinite(found)]
    largest = float(found.max()) if found.size else 0.0
    for factor, word in _SCALES:
        if largest >= (1e4 if factor == 1e3 else factor):
            return factor, f"{word} {named}"
    return 1.0, named


def number(value: float, digits: int = 3, sign: bool = False) -> str:
    """Return a number with thousands separators and so many significant digits; "–" where undefined.

    Examples
    --------
    >>> number(23816.9), number(0.04244), number(-1.5, sign=True), number(float("nan"))
    ('23,817', '0.0424', '−1.50', '–')
    """
    if not isfinite(value):
        return "–"
    places = max(0, digits - 1 - floor(log10(abs(value)))) if value else 0
    return _fixed(value, min(places, 9), sign)


def minus(text: str) -> str:
    """Return a label as it is printed: with a minus, not a hyphen, before a number.

    Examples
    --------
    >>> minus("price-minded buyers -10 %")
    'price-minded buyers −10 %'
    """
    return re.sub(r"(?<!\S)-(?=\d)", "−", text)


def in_unit(value: float | int | str, unit: str) -> str:
    """Return the value of a decision as people read it: shares in per cent, whole numbers without places.

    The unit is that of the lever, which is not told.

    Examples
    --------
    >>> in_unit(0.1, "share"), in_unit(0.0154, "share"), in_unit(2, "members")
    ('10\xa0%', '1.54\xa0%', '2')
    """
    if isinstance(value, str):
        return value
    if unit == "share":
        return in_unit(round(100.0 * value, 9), "") + "\u00a0%"
    return f"{value:,.0f}" if float(value).is_integer() else number(float(value))


def span(value: float, low: float, high: float, sign: bool = False) -> tuple[str, str]:
    """Return a value and its interval as text, rounded to what the interval bears.

    The interval is "" where it is undefined (one replication) or of no width (nothing varies).

    Examples
    --------
    >>> span(5.1828, 5.1756, 5.19, sign=True)
    ('+5.183', '+5.176 to +5.190')
    >>> span(2.467, 2.467, 2.467)
    ('2.47', '')
    """
    if not (isfinite(low) and isfinite(high) and high > low):
        return number(value, 3, sign), ""
    size = max(abs(value), abs(low), abs(high))
    places = min(1 - floor(log10((high - low) / 2)), 3 - floor(log10(size)))  # four digits are plenty
    while True:
        texts = [_fixed(x, max(places, 0), sign) for x in (value, low, high)]
        if texts[1] != texts[2] or places >= 12:
            return texts[0], f"{texts[1]} to {texts[2]}"
        places += 1


def _fixed(value: float, places: int, sign: bool) -> str:
    text = f"{abs(value):,.{places}f}"
    if not any(c in "123456789" for c in text):
        return text
    return ("−" if value < 0 else "+" if sign else "") + text


_WORDS = {
    "sell_through": "sell-through", "sell_in": "sell-in", "sell_in_value": "sell-in value",
    "price": "retail price", "mean_distance": "distance to a stocking store",
}  # fmt: skip


def words(name: str) -> str:
    """Return the name of a metric or a role as words."""
    return _WORDS.get(name, name.replace("_", " "))


def shorten(name: str, length: int = 34) -> str:
    """Return a name cut to a length that fits beside an axis."""
    return name if len(name) <= length else name[: length - 1].rstrip() + "…"


def colours(count: int) -> list[str]:
    """Return so many colours; they repeat after ten."""
    return [PALETTE[k % len(PALETTE)] for k in range(count)]


def title_of(axes: Any, title: str, subtitle: str = "", above: float = 0.0) -> None:
    """Give axes a bold title and, under it, a line that says how to read them, so many points higher."""
    axes.set_title(title, pad=(34 if subtitle else 14) + above)
    if subtitle:
        axes.annotate(
            subtitle, (0, 1), xycoords="axes fraction", xytext=(0, 12 + above), textcoords="offset points",
            fontsize=12, color=MUTED, va="bottom", annotation_clip=False,
        )  # fmt: skip


def thousands(axis: Any) -> None:
    """Write the numbers of an axis with thousands separators."""
    from matplotlib.ticker import FuncFormatter

    def text(value: float, _: Any) -> str:
        return f"{value:,.10g}".replace("-", "−")

    axis.set_major_formatter(FuncFormatter(text))


def chosen_policies(policies: Sequence[str], wanted: Sequence[str] | str | None) -> list[str]:
    """Return the policies asked for, in the order asked for; None for all.

    Raises
    ------
    ResultError
        If one is not in the result.
    """
    from channelsim.metrics import check_name

    if wanted is None:
        return list(policies)
    chosen = [wanted] if isinstance(wanted, str) else list(wanted)
    for name in chosen:
        check_name("policy", name, policies)
    return chosen
