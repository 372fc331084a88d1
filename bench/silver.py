#!/usr/bin/env python3
"""What Weir costs over DuckDB: about 300 MB of CSV over 30 days, into partitioned Parquet.

Measured in turn, several times: DuckDB's own COPY … (PARTITION_BY …) plus one copy of the file, as
raw history needs one, against `weir run` on a fresh lake. Prints the ratio of the medians (to
hold: at most 1.5), and that of CPU time, for when other work disturbs the machine. REPEAT=N for
other than 5 times, SIZE_MB=N for another size.
"""
import os
import shutil
import sys
import time

from common import cpu_seconds, folder, make_lake, oracle, tell, weir

REPEAT = int(os.environ.get("REPEAT", "5"))
SIZE_MB = int(os.environ.get("SIZE_MB", "300"))
ROW_BYTES, DAYS = 58, 30
SELECT = ("SELECT cast(start AS date) AS day, start, site, lane, speed, length_m, label "
          "FROM {source}")
COLUMNS = {"start": "timestamp", "site": "string", "lane": "int64", "speed": "int64",
           "length_m": "float64", "label": "string"}
SQL_TYPES = {"timestamp": "TIMESTAMP", "string": "VARCHAR", "int64": "BIGINT",
             "float64": "DOUBLE"}
FILES = {
    "lake.yaml": "lake: bench\nlayers: [raw, silver]\n",
    "tables/raw/trips.yaml": "columns:\n" + "".join(f"  {n}: {t}\n" for n, t in COLUMNS.items()),
    "tables/silver/trips.sql": SELECT.format(source="raw.trips") + "\n",
    "tables/silver/trips.yaml": "partition_by: [day]\n",
}


def generate(path):
    """The same file every time: hashes of the row's number, no chance."""
    rows = SIZE_MB * 1_000_000 // ROW_BYTES
    oracle(f"""COPY (SELECT
        TIMESTAMP '2024-05-01' + to_seconds(cast(i * {DAYS * 86400} // {rows} AS bigint)) AS start,
        'S' || lpad(cast(hash(i) % 500 AS varchar), 4, '0') AS site,
        hash(i + 1) % 4 AS lane, 30 + hash(i + 2) % 100 AS speed,
        round((hash(i + 3) % 2000) / 100.0, 2) AS length_m,
        'vehicle ' || cast(hash(i + 4) % 1000000000000 AS varchar) AS label
        FROM range({rows}) AS r(i)) TO '{path}' (FORMAT csv, HEADER)""")


def plain(source, target):
    """Seconds of DuckDB's own partitioned COPY, with the declared types."""
    columns = ", ".join(f"'{n}': '{SQL_TYPES[t]}'" for n, t in COLUMNS.items())
    reader = f"read_csv('{source}', header = true, auto_detect = false, columns = {{{columns}}})"
    return oracle(f"SET threads = 2; COPY ({SELECT.format(source=reader)}) TO '{target}' "
                  "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), WRITE_PARTITION_COLUMNS)")


def copy(source, target):
    start = time.perf_counter()
    shutil.copyfile(source, target)
    return time.perf_counter() - start


def measure_weir(source, top):
    lake = make_lake(top, FILES)
    (lake / "land" / "trips").mkdir()
    shutil.copyfile(source, lake / "land" / "trips" / "trips.csv")
    os.sync()
    return weir(lake, "run")


def compare_cpu(source, top):
    base = cpu_seconds(plain, source, top / "plain")
    ours = cpu_seconds(measure_weir, source, top / "lake")
    print(f"CPU time: {ours:.1f} s against {base:.1f} s, ratio {ours / base:.2f}")


def repeat(source, top, times):
    for step in range(REPEAT):
        os.sync()
        times["copy"].append(copy(source, top / "copy.csv"))
        times["plain"].append(plain(source, top / f"plain{step}"))
        shutil.rmtree(top / f"plain{step}")
        times["weir"].append(measure_weir(source, top / f"lake{step}"))
        shutil.rmtree(top / f"lake{step}")


def tell_ratio(times):
    base = tell("DuckDB's own COPY, PARTITION_BY", times["plain"])
    base += tell("one copy of the file", times["copy"])
    ours = tell("weir run, land to silver", times["weir"])
    print(f"ratio: {ours / base:.2f} (to hold: at most 1.5)")


def main():
    times = {"copy": [], "plain": [], "weir": []}
    with folder() as top:
        source = top / "trips.csv"
        generate(source)
        print(f"{source.stat().st_size / 1e6:.0f} MB of CSV, {DAYS} days, {REPEAT} times each")
        repeat(source, top, times)
        tell_ratio(times)
        compare_cpu(source, top)
    return 0


if __name__ == "__main__":
    sys.exit(main())
