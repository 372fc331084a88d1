#!/usr/bin/env python3
"""What one corrected file costs in lakes of 100 to 100 000 partitions (to hold: it does not grow).

Half of the partitions are a silver table's, half a gold table's that reads it; the file has rows of
one partition. Measured is the CPU time of each step, which other work on the machine moves less
than the clock. The last lake takes minutes to build: SIZES="100 1000" for others, TIMES=N.
"""
import os
import statistics
import sys
import time

from common import cpu_seconds, folder, make_lake, milliseconds, weir

SIZES = [int(n) for n in os.environ.get("SIZES", "100 1000 10000 100000").split()]
TIMES = int(os.environ.get("TIMES", "7"))
CELLS_PER_FILE = 200
NOW = 1_700_000_000
FILES = {
    "lake.yaml": "lake: bench\nlayers: [raw, silver, gold]\n",
    "tables/raw/counts.yaml": "columns: {cell: int64, amount: int64}\n",
    "tables/silver/counts.sql": "SELECT cell, amount FROM raw.counts\n",
    "tables/silver/counts.yaml": "partition_by: [cell]\n",
    "tables/gold/sums.sql": "SELECT cell, cast(sum(amount) AS bigint) AS amount "
                            "FROM silver.counts GROUP BY cell\n",
    "tables/gold/sums.yaml": "partition_by: [cell]\n",
}
STEPS = {"land it": ["land"], "plan": ["plan"], "run": ["run"], "run, nothing to do": ["run"]}


def deliver(lake, name, cells, amount):
    target = lake / "land" / "counts"
    target.mkdir(exist_ok=True)
    text = "cell,amount\n" + "".join(f"{cell},{amount}\n" for cell in cells)
    (target / name).write_text(text, encoding="utf-8")


def build(lake, cells):
    for first in range(0, cells, CELLS_PER_FILE):
        deliver(lake, f"{first:07}.csv", range(first, min(first + CELLS_PER_FILE, cells)), 1)
    deliver(lake, "corrected.csv", [cells // 2], 0)
    weir(lake, "run", "--now", NOW)


def correct(lake, cells, times):
    """One round of all steps, each step's CPU time added to times."""
    rounds = len(times["plan"]) + 1
    deliver(lake, "corrected.csv", [cells // 2], rounds)
    for step, verb in STEPS.items():
        times[step].append(cpu_seconds(weir, lake, *verb, "--now", NOW + rounds))


def measure(size):
    """The median CPU time of each step."""
    times = {step: [] for step in STEPS}
    with folder() as top:
        lake = make_lake(top, FILES)
        start = time.perf_counter()
        used = cpu_seconds(build, lake, size // 2)
        print(f"{size} partitions built in {time.perf_counter() - start:.1f} s "
              f"({used:.1f} s of CPU)")
        for _ in range(TIMES):
            correct(lake, size // 2, times)
    return {step: statistics.median(found) for step, found in times.items()}


def main():
    found = {size: measure(size) for size in SIZES}
    print("CPU time".ljust(20) + "".join(f"{size:>12}" for size in SIZES) + "  largest/smallest")
    for step in STEPS:
        row = [found[size][step] for size in SIZES]
        print(step.ljust(20) + "".join(f"{milliseconds(t):>12}" for t in row)
              + f"  {row[-1] / row[0]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
