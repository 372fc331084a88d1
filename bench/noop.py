#!/usr/bin/env python3
"""How long `weir run` takes when there is nothing to do (to hold: under 20 ms).

First with 1 000 files really landed, then with 100 000 deliveries known: the ledger is filled with
copies of one delivery's record, since landing as many files would take longer than it tells.
"""
import sqlite3
import sys

from common import folder, make_lake, tell, weir

REAL, KNOWN, TIMES = 1_000, 100_000, 30
FILES = {
    "lake.yaml": "lake: bench\nlayers: [raw, silver]\n",
    "tables/raw/sales.yaml": "columns: {day: date, shop: string, amount: int64}\n",
    "tables/silver/sales.sql": "SELECT day, shop, amount FROM raw.sales\n",
    "tables/silver/sales.yaml": "partition_by: [day]\n",
}


def deliver(lake):
    target = lake / "land" / "sales"
    target.mkdir()
    for n in range(REAL):
        day = f"2024-{1 + n % 12:02}-{1 + n % 28:02}"
        (target / f"{n:06}.csv").write_text(f"day,shop,amount\n{day},A,{n}\n", encoding="utf-8")


def fill_ledger(lake):
    """Copies of the newest delivery under other identities, and of what it feeds."""
    ledger = sqlite3.connect(lake / ".weir" / "ledger.db")
    names = [row[1] for row in ledger.execute("PRAGMA table_info(delivery)")]
    copied = [n for n in names if n not in ("id", "identity", "file", "claim")]
    last, = ledger.execute("SELECT max(id) FROM delivery").fetchone()
    columns = ", ".join(["identity", "file", "claim", *copied])
    copies = ((f"sales/copy{n:06}.csv", last) for n in range(KNOWN - REAL))
    ledger.executemany(
        f"INSERT INTO delivery ({columns}) SELECT ?1, ?1, ?1, {', '.join(copied)} "
        "FROM delivery WHERE id = ?2", copies)
    for table in ("fed", "feed"):
        names = [row[1] for row in ledger.execute(f"PRAGMA table_info({table})")]
        others = ", ".join(f"f.{n}" if n != "unit" else "d.id" for n in names)
        ledger.execute(f"INSERT INTO {table} SELECT {others} FROM {table} AS f JOIN delivery AS d "
                       f"ON d.id > {last} WHERE f.unit = {last}")
    ledger.commit()
    ledger.execute("ANALYZE")
    ledger.close()


def main():
    with folder() as top:
        lake = make_lake(top, FILES)
        deliver(lake)
        print(f"landing and building {REAL} small files: {weir(lake, 'run'):.2f} s")
        weir(lake, "run")
        tell(f"nothing to do, {REAL} deliveries known", [weir(lake, "run") for _ in range(TIMES)])
        fill_ledger(lake)
        weir(lake, "run")
        tell(f"nothing to do, {KNOWN} deliveries known", [weir(lake, "run") for _ in range(TIMES)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
