"""The same counters for a spreadsheet. Pure."""

import csv
import io

from edge.audit.counters import total
from edge.audit.dts import Read


def table(read: Read) -> str:
    """CSV with a header; amounts in minor units. The first column names the counter, the second its place."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["counter", "where", "since_start", "since_last_export"])
    for name in ("in", "in.box", "in.tube", "in.bill", "out", "out.hand", "filled", "boots"):
        rows.writerow([name.replace(".", "_"), read.machine, read.init[name], read.interval[name]])
    for row in sorted(read.state.planogram.slots, key=lambda row: row.slot) if read.state.planogram else ():
        for label, path in _OF_SLOT.items():
            found = path.format(slot=row.slot)
            rows.writerow([label, row.slot, total(read.init, found), total(read.interval, found)])
    return out.getvalue()


_OF_SLOT = {
    "sold": "vend.{slot}.*.n",
    "sold_value": "vend.{slot}.*.paid",
    "discounts": "off.{slot}.*.value",
    "given_away": "free.{slot}.n",
    "test_vends": "test.{slot}",
}
