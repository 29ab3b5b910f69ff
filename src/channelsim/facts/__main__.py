"""``python -m channelsim.facts > src/channelsim/facts/table.json`` writes the stored table anew."""

import json
import sys

from channelsim.facts.table import measure, to_rows

json.dump(to_rows(measure()), sys.stdout, indent=1, ensure_ascii=False)
sys.stdout.write("\n")
