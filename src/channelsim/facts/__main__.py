"""``python -m channelsim.facts`` prints the differences of all stylised facts as JSON.

With ``--save`` it writes what the documentation shows: the stored table and, in a working copy, the figure.
"""

import json
import sys

from channelsim.facts.table import STORED, measure, to_rows

text = json.dumps(to_rows(measure()), indent=1, ensure_ascii=False) + "\n"
if sys.argv[1:] == ["--save"]:
    from channelsim.analysis.style import save_bytes
    from channelsim.facts.plots import draw_facts

    STORED.write_text(text, encoding="utf-8")
    figures = STORED.parents[3] / "docs" / "_static"
    if figures.is_dir():
        (figures / "stylised_facts.svg").write_bytes(save_bytes(draw_facts(), "svg"))
else:
    sys.stdout.write(text)
