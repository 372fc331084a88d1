#!/usr/bin/env python3
"""How long one new file of 10 MB takes from land to gold in a lake that has others already
(to hold: under 300 ms on an idle machine)."""
import random
import sys

from common import folder, make_lake, tell, weir

DAYS, TIMES, SIZE_BYTES = 20, 7, 10_000_000
NOW = 1_700_000_000
FILES = {
    "lake.yaml": "lake: bench\nlayers: [raw, silver, gold]\n",
    "tables/raw/trips.yaml": "columns:\n  start: {type: timestamp, nullable: false}\n"
                             "  site: string\n  lane: int64\n  speed: int64\n  label: string\n",
    "tables/silver/trips.sql": "SELECT cast(start AS date) AS day, start, site, lane, speed, label "
                               "FROM raw.trips\n",
    "tables/silver/trips.yaml": "partition_by: [day]\n",
    "tables/gold/site.sql": "SELECT day, site, count(*) AS trips, cast(sum(speed) AS bigint) AS "
                            "speeds FROM silver.trips GROUP BY day, site\n",
    "tables/gold/site.yaml": "partition_by: [day]\n",
}


def one_day(day, size_bytes):
    """A CSV file of about that size, the same every time."""
    chance = random.Random(day)
    lines, size = ["start,site,lane,speed,label"], 0
    while size < size_bytes:
        n = len(lines)
        date = f"2024-{1 + day // 28:02}-{1 + day % 28:02}"
        clock = f"{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}"
        lines.append(f"{date} {clock},S{chance.randrange(500):04},{chance.randrange(4)},"
                     f"{chance.randrange(30, 130)},label {chance.randrange(10 ** 9)}")
        size += len(lines[-1]) + 1
    return "\n".join(lines) + "\n"


def main():
    with folder() as top:
        lake = make_lake(top, FILES)
        target = lake / "land" / "trips"
        target.mkdir()
        for day in range(DAYS):
            (target / f"{day:03}.csv").write_text(one_day(day, SIZE_BYTES // 10), encoding="utf-8")
        weir(lake, "run", "--now", NOW)
        times = []
        for step in range(TIMES):
            body = one_day(DAYS + step, SIZE_BYTES)
            (target / f"{DAYS + step:03}.csv").write_text(body, encoding="utf-8")
            times.append(weir(lake, "run", "--now", NOW + 1 + step))
        tell("one file of 10 MB, land to gold", times)
    return 0


if __name__ == "__main__":
    sys.exit(main())
