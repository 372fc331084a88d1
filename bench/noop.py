#!/usr/bin/env python3
"""What knowing many deliveries costs: `weir run` with nothing to do (to hold: under 20 ms with
100 000), and the memory of it, of landing one file more and of building it (to hold: it does not
grow with the deliveries).

First with 1 000 files really landed; then the ledger is filled with copies of one delivery's
record, since landing as many files would take longer than it tells.
"""
import sqlite3
import sys

from common import folder, make_lake, memory_mb, tell, weir

REAL, KNOWN, TIMES = 1_000, (100_000, 1_000_000), 30
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


def fill_ledger(lake, known):
    """Copies of the first delivery's record, and of what it feeds, until so many are known."""
    ledger = sqlite3.connect(lake / ".weir" / "ledger.db")
    names = [row[1] for row in ledger.execute("PRAGMA table_info(delivery)")]
    copied = [n for n in names if n not in ("id", "identity", "file", "claim")]
    first, last, there = ledger.execute(
        "SELECT min(id), max(id), count(*) FROM delivery").fetchone()
    columns = ", ".join(["identity", "file", "claim", *copied])
    copies = ((f"sales/copy{n:07}.csv", first) for n in range(there, known))
    ledger.executemany(
        f"INSERT INTO delivery ({columns}) SELECT ?1, ?1, ?1, {', '.join(copied)} "
        "FROM delivery WHERE id = ?2", copies)
    for table in ("fed", "feed"):
        names = [row[1] for row in ledger.execute(f"PRAGMA table_info({table})")]
        others = ", ".join(f"f.{n}" if n != "unit" else "d.id" for n in names)
        ledger.execute(f"INSERT INTO {table} SELECT {others} FROM {table} AS f JOIN delivery AS d "
                       f"ON d.id > {last} WHERE f.unit = {first}")
    # The journal's triggers have noted every copy; the next commit need not carry them.
    ledger.execute("DELETE FROM unjournaled")
    ledger.commit()
    ledger.execute("ANALYZE")
    ledger.close()


def land_more(lake, known):
    """One file that touches a day of its own."""
    name = f"one after {known}.csv"
    target = lake / "land" / "sales" / name
    target.write_text("day,shop,amount\n2030-01-01,A,1\n", encoding="utf-8")
    return {verb: memory_mb(lake, verb) for verb in ("land", "plan", "run")}


def measure(lake, known):
    weir(lake, "run")
    tell(f"nothing to do, {known} deliveries known", [weir(lake, "run") for _ in range(TIMES)])
    used = {"nothing to do": memory_mb(lake, "run"), **land_more(lake, known)}
    print("  memory: " + ", ".join(f"{verb} {mb:.0f} MB" for verb, mb in used.items()))


def main():
    with folder() as top:
        lake = make_lake(top, FILES)
        deliver(lake)
        print(f"landing and building {REAL} small files: {weir(lake, 'run'):.2f} s")
        measure(lake, REAL)
        for known in KNOWN:
            fill_ledger(lake, known)
            measure(lake, known)
    return 0


if __name__ == "__main__":
    sys.exit(main())
