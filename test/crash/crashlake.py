"""A small lake to be killed: definition, deliveries, and the binary called on it.

WEIR_TEST_STORE=s3 and WEIR_TEST_LEDGER=postgres choose its places, as for the end-to-end tests.
"""
import json
import os
import re
import signal
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

import bucket
import cluster
import places
from harness import (COMMAND_SECONDS_MAX, NOW, clean_environment, copy_tree, remove_tree,
                     weir_path)
from judge import directories, garbage, lost, tree, wanted_directories

__unittest = True  # failures are shown at the line of the test

CRASHED = 86  # CRASH_EXIT_CODE of src/base/crash.h
# Not in a folder, with a ledger in a file; each place of the two is slower.
ELSEWHERE = places.in_bucket() or os.environ.get("WEIR_TEST_LEDGER") == "postgres"
KILLED = -signal.SIGKILL

FILES = {
    "lake.yaml": "lake: crash\nlayers: [raw, silver, gold]\nworkers: {count: 1, threads: 1}\n",
    "tables/raw/sales.yaml":
        "columns: {day: date, shop: string, amount: {type: int64, nullable: false}}\n",
    "tables/raw/shops.yaml": "columns: {shop: string, city: string}\ncontents: full\n",
    "tables/silver/sales.sql": "SELECT day, shop, amount FROM raw.sales\n",
    "tables/silver/sales.yaml": "partition_by: [day]\n",
    "tables/gold/city.sql":
        "SELECT s.day, c.city, sum(s.amount) AS amount FROM silver.sales s\n"
        "JOIN raw.shops c ON s.shop = c.shop GROUP BY ALL\n",
    "tables/gold/city.yaml": "partition_by: [day]\nmap: {raw.shops: all}\nprojection: hive\n",
    "tables/gold/total.sql": "SELECT sum(amount) AS amount, count(*) AS n FROM silver.sales\n",
}


def sales(*rows):
    return "day,shop,amount\n" + "".join("2024-01-%02d,%s,%s\n" % row for row in rows)


SHOPS = "shop,city\na,Rome\nb,Milan\n"
FIRST = {
    "sales/a.csv": sales((1, "a", 1), (2, "b", 2)),
    "sales/b.csv": sales((3, "a", 5)),
    "shops/shops.csv": SHOPS,
}
# One new file, one correction that empties a day, one file again as it was, one to be refused.
SECOND = {
    "sales/a.csv": sales((1, "a", 7), (4, "b", 2)),
    "sales/b.csv": sales((3, "a", 5)),
    "sales/c.csv": sales((3, "b", 1), (4, "a", 1)),
    "sales/bad.csv": sales((5, "a", "many")),
}


def harness_path(name):
    """A program of test/harness."""
    return str(Path(weir_path()).parents[1] / "test" / "harness" / name)


def fault_path():
    """The binary whose calls fail when asked to."""
    return harness_path("weir-fault")


def passed_on():
    """What the whole test run was given for every call."""
    return {name: os.environ[name] for name in ("WEIR_MEMO", "WEIR_SABOTAGE") if name in os.environ}


class CrashLake:
    """A lake whose definition is in a folder, which may be there already."""

    def __init__(self, top):
        self.dir = Path(top)
        self.weir = weir_path()
        self.definition = self.dir / "lake.yaml"
        if self.definition.exists():
            self.find_places()

    def find_places(self):
        """prefix: of its store in the bucket; database: of its ledger. None: both are files."""
        text = self.definition.read_text()
        self.prefix = places.prefix_of(text)
        self.database = places.database_of(text)
        found = re.search(r"^store: (\S+)$", text, re.MULTILINE)
        self.store = (self.dir / (found.group(1) if found else "data") if self.prefix is None
                      else places.store_folder(self.prefix))
        self.land_prefix = bucket.land_of(text)

    def define(self):
        for path, text in FILES.items():
            target = self.dir / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        self.definition.write_text(places.placed(self.definition.read_text()))
        self.find_places()
        return self

    def copy(self, top):
        """Another lake that is what this one is."""
        copy_tree(self.dir, top)
        (Path(top) / "lake.yaml").write_text(places.copied(self.definition.read_text()))
        lake = CrashLake(top)
        if self.land_prefix is not None:
            copy_tree(*map(places.store_folder, (self.land_prefix, lake.land_prefix)))
        return lake

    def remove(self):
        places.drop(self.dir)
        if self.prefix is not None:  # deliveries, and copies of the store, have names that go on
            for folder in self.store.parent.glob(f"{self.prefix}*"):
                remove_tree(folder)
        remove_tree(self.dir)

    def place(self):
        """Of its store: as weir is told of it, and the folder."""
        return (self.store.name if self.prefix is None else places.address(self.prefix)), self.store

    def move(self, place):
        """From now on the store is there."""
        kept = [line for line in self.definition.read_text().splitlines()
                if not line.startswith("store: ")]
        self.definition.write_text("\n".join([*kept, f"store: {place}", ""]))
        self.find_places()

    def waiting(self):
        """Files that were not taken, and what landing keeps beside them."""
        places_of_land = [self.dir / "land", self.dir / ".weir" / "land"]
        if self.land_prefix is not None:
            places_of_land.append(places.store_folder(self.land_prefix))
        return [f"land/{path}" for place in places_of_land for path in tree(place)]

    def deliver(self, files):
        if self.land_prefix is not None:
            bucket.upload(self.land_prefix, files)
            return
        for path, text in files.items():
            target = self.dir / "land" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.parent / ".delivery.tmp"
            partial.write_text(text)
            partial.rename(target)

    def start(self, *args, **environment):
        """The process, with what it says on a pipe."""
        where = {} if self.prefix is None else bucket.variables(self.prefix)
        return subprocess.Popen(
            [self.weir, *map(str, args)], cwd=self.dir, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=clean_environment(**{**passed_on(), **where, **environment}))

    def call(self, *args, **environment):
        """(exit code, what was said)."""
        process = self.start(*args, **environment)
        said, _ = process.communicate(timeout=COMMAND_SECONDS_MAX)
        if "Sanitizer" in said or "runtime error:" in said or "is not so" in said:
            raise AssertionError(f"weir broke down\n{said}")
        return process.returncode, said

    def run(self, now=None, **environment):
        code, said = self.call("run", *([] if now is None else ["--now", now]), **environment)
        if code != 0:
            raise AssertionError(f"exit {code}\n{said}")
        return said

    def rows(self, sql):
        """Of the ledger, as tuples."""
        return self.rows_of(sql)[0]

    def rows_of(self, *asked):
        """Of each of the questions, asked all at once."""
        if self.database is not None:
            return self.rows_of_database(asked)
        connection = sqlite3.connect(self.dir / ".weir" / "ledger.db", timeout=30)
        try:
            return [connection.execute(sql).fetchall() for sql in asked]
        finally:
            connection.close()

    def rows_of_database(self, asked):
        each = ", ".join("(SELECT coalesce(json_agg(row_to_json(q)), '[]')"
                         f" FROM ({sql}) q)" for sql in asked)
        lines = cluster.psql(places.server_folder(),
                             f"SET search_path TO weir; SELECT json_build_array({each})",
                             self.database)
        text = "".join("\t".join(line) for line in lines)
        return json.loads(text, object_pairs_hook=lambda pairs: tuple(v for _, v in pairs))


def remove_lakes(top):
    """And all that is in the folder."""
    for definition in sorted(top.rglob("lake.yaml")):
        CrashLake(definition.parent).remove()
    remove_tree(top)


class CrashTest(unittest.TestCase):
    apart = True
    maxDiff = 4000

    def new_folder(self):
        """In memory where that can be: dying processes do not lose what was not synced."""
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        top = Path(tempfile.mkdtemp(prefix="weir-crash-", dir=memory))
        self.addCleanup(remove_lakes, top)
        return top

    def assert_whole(self, lake):
        """The lake holds together, nothing is left over, and running again does nothing."""
        self.assertEqual(lost(lake), [], "named and not there")
        self.assertEqual(directories(lake), wanted_directories(lake))
        self.assertEqual(garbage(lake), [], "left over")
        before = lake.rows("SELECT seq FROM lake")
        lake.run()
        self.assertEqual(lake.rows("SELECT seq FROM lake"), before, "running again did something")


def base_lake(top):
    lake = CrashLake(top).define()
    lake.deliver(FIRST)
    lake.run(NOW)
    return lake
