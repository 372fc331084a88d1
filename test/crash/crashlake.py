"""A small lake to be killed: definition, deliveries, and the judge of what is left.

The judge reads files and the ledger's tables with sqlite3, and shares no code with Weir.
"""
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import COMMAND_SECONDS_MAX, NOW, clean_environment, remove_tree, weir_path

__unittest = True  # failures are shown at the line of the test

CRASHED = 86  # CRASH_EXIT_CODE of src/base/crash.h
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
    "tables/gold/city.yaml": "partition_by: [day]\nmap: {raw.shops: all}\n",
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


def tree(top):
    """Path below top → the file's lstat, of all files."""
    return {str(p.relative_to(top)): p.lstat() for p in Path(top).rglob("*")
            if not p.is_dir() or p.is_symlink()}


def harness_path(name):
    """A program of test/harness."""
    return str(Path(weir_path()).parents[1] / "test" / "harness" / name)


def fault_path():
    """The binary whose calls fail when asked to."""
    return harness_path("weir-fault")


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def passed_on():
    """What the whole test run was given for every call."""
    return {name: os.environ[name] for name in ("WEIR_MEMO", "WEIR_SABOTAGE") if name in os.environ}


class CrashLake:
    """A lake in a folder, and the binary called on it."""

    def __init__(self, top):
        self.dir = Path(top)
        self.store = self.dir / "data"
        self.weir = weir_path()

    def define(self):
        for path, text in FILES.items():
            target = self.dir / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return self

    def copy(self, top):
        shutil.copytree(self.dir, top, copy_function=copy_keeping_links(), symlinks=True)
        return CrashLake(top)

    def deliver(self, files):
        for path, text in files.items():
            target = self.dir / "land" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.parent / ".delivery.tmp"
            partial.write_text(text)
            partial.rename(target)

    def start(self, *args, **environment):
        """The process, with what it says on a pipe."""
        return subprocess.Popen(
            [self.weir, *map(str, args)], cwd=self.dir, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=clean_environment(**passed_on(), **environment))

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

    def ledger(self):
        connection = sqlite3.connect(self.dir / ".weir" / "ledger.db", timeout=30)
        return connection

    def rows(self, sql):
        connection = self.ledger()
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


def copy_keeping_links():
    """Files that were one file stay one file."""
    seen = {}

    def copy(source, target):
        found = os.stat(source)
        first = seen.get(found.st_ino)
        if first is not None:
            os.link(first, target)
        else:
            shutil.copy2(source, target)
            seen[found.st_ino] = target
        return target

    return copy


CURRENT = ("SELECT t.name, p.text, v.content, v.rows FROM current c"
           " JOIN partition p ON p.id = c.partition JOIN tbl t ON t.id = c.tbl"
           " JOIN version v ON v.id = c.version WHERE c.to_seq IS NULL AND v.rows > 0"
           " ORDER BY 1, 2")
DELIVERIES = ("SELECT t.name, d.file, d.state, d.sha256, d.land_time FROM delivery d"
              " JOIN tbl t ON t.id = d.tbl ORDER BY 1, 2, 5, 4, 3")
FILES_OF_CURRENT = (
    "SELECT t.name, p.text, f.object FROM current c JOIN partition p ON p.id = c.partition"
    " JOIN tbl t ON t.id = c.tbl JOIN version_file vf ON vf.version = c.version"
    " JOIN file f ON f.id = vf.file WHERE c.to_seq IS NULL")


def content(lake):
    """What has to be the same however often a run was killed on the way."""
    raw = {path: sha256(lake.store / "raw" / path) for path in tree(lake.store / "raw")
           if not path.startswith(".weir")}
    aside = lake.store / ".weir" / "quarantine"
    return {
        "digests": lake.rows(CURRENT),
        "deliveries": lake.rows(DELIVERIES),
        "raw": raw,
        "quarantine": {p: None if p.endswith(".report.json") else sha256(aside / p)
                       for p in tree(aside) if not p.startswith(".weir")},
    }


def directories(lake):
    """Path → inode of what readers of plain directories see."""
    found = {}
    for layer in ("silver", "gold"):
        for path, info in tree(lake.store / layer).items():
            if not path.startswith(".weir"):
                found[f"{layer}/{path}"] = info.st_ino
    return found


def wanted_directories(lake):
    wanted = {}
    for table, partition, obj in lake.rows(FILES_OF_CURRENT):
        layer, name = table.split(".")
        folder = name if partition == "()" else f"{name}/{partition}"
        where = f"{layer}/{folder}/{Path(obj).name}"
        wanted[where] = (lake.store / layer / obj).lstat().st_ino
    return wanted


def garbage(lake):
    """Files that nobody needs, and records of work that nobody does."""
    known = {obj for (obj,) in lake.rows("SELECT object FROM file")}
    left = []
    for layer in ("raw", "silver", "gold"):
        for path in tree(lake.store / layer / ".weir"):
            if not path.startswith("lock/") and f".weir/{path}" not in known:
                left.append(f"{layer}/.weir/{path}")
    own = lake.store / ".weir"
    left += [f".weir/{p}" for p in tree(own) if not p.startswith(("journal/", "quarantine/"))
             and p != "lake.json"]
    left += [f"quarantine/.weir/{p}" for p in tree(own / "quarantine" / ".weir")]
    left += [f"land/{p}" for p in tree(lake.dir / "land")]
    for table in ("pending_object", "mark", "outbox", "staged"):
        left += [(table, row) for row in lake.rows(f"SELECT * FROM {table}")]
    return left


def lost(lake):
    """Files that the ledger names and the store does not have, or has in another size."""
    missing = []
    objects = lake.rows("SELECT DISTINCT t.name, f.object, f.bytes FROM file f JOIN version_file vf"
                        " ON vf.file = f.id JOIN version v ON v.id = vf.version"
                        " JOIN partition p ON p.id = v.partition JOIN tbl t ON t.id = p.tbl")
    objects += lake.rows("SELECT t.name, d.object, d.bytes FROM delivery d"
                         " JOIN tbl t ON t.id = d.tbl WHERE d.state <> 'rejected'")
    for table, obj, size in objects:
        file = lake.store / table.split(".")[0] / obj
        if not file.is_file() or file.stat().st_size != size:
            missing.append((table, obj))
    return missing


class CrashTest(unittest.TestCase):
    apart = True
    maxDiff = 4000

    def new_folder(self):
        """In memory where that can be: dying processes do not lose what was not synced."""
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        top = Path(tempfile.mkdtemp(prefix="weir-crash-", dir=memory))
        self.addCleanup(remove_tree, top)
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
