"""What the end-to-end tests share: a lake in a folder of its own, the binary, and an oracle.

WEIR names the binary, WEIR_ORACLE the oracle of test/harness (default: in the same build folder).
Where lakes keep their data and their ledgers is settled by places.py; files below self.store are
the same in each place.
Nothing here knows how Weir works inside: only the command line, the files and SQL.
"""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

import gateway
import places
from places import MANIFESTS
from trees import copy_tree, remove_tree

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND_SECONDS_MAX = 300
__unittest = True  # failures are shown at the line of the test
NOW = 1_700_000_000  # a moment; tests count from it


def local_only(reason):
    """Skip, visibly, what has no meaning in a bucket."""
    return unittest.skipIf(places.in_bucket(), f"folders only: {reason}")


def weir_path():
    found = os.environ.get("WEIR")
    if not found:
        raise RuntimeError("the environment variable WEIR must name the weir binary")
    return str(Path(found).resolve())


def oracle_path():
    found = os.environ.get("WEIR_ORACLE")
    return found or str(Path(weir_path()).parents[1] / "test" / "harness" / "oracle")


def fast_worker():
    """Changes of the environment for those who ask much of the engine: a worker with malloc as it
    is, where there is one. Others look for mistakes in it."""
    path = Path(oracle_path()).parent / "worker"
    return {"WEIR_WORKER": str(path)} if path.exists() else {}


def clean_environment(**changes):
    """The host's environment without what could steer weir."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("WEIR_") or k == "WEIR_WORKER"}
    return {**kept, "WEIR_CODE_VERSION": "test", "NO_COLOR": "1", **changes}


def oracle(sql):
    """Rows of the last statement in plain DuckDB, as tuples of texts and None."""
    done = subprocess.run([oracle_path()], input=sql.encode(), capture_output=True,
                          timeout=COMMAND_SECONDS_MAX, check=False)
    if done.returncode != 0:
        raise AssertionError(f"oracle: {done.stderr.decode(errors='replace')}\n{sql}")
    lines = done.stdout.decode().splitlines()
    return [tuple(json.loads(line)) for line in lines[1:]]


def sql_text(value):
    """A SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def as_text(value):
    """A value of JSON as the oracle would show it."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


class Result:
    """What one call of the binary gave."""

    def __init__(self, command, done):
        self.command = command
        self.code = done.returncode
        self.out = done.stdout.decode(errors="surrogateescape")
        self.err = done.stderr.decode(errors="surrogateescape")

    @property
    def doc(self):
        return json.loads(self.out)

    @property
    def error(self):
        """The error document of a call with -o json, wherever it was written."""
        for text in (self.out, self.err):
            for line in text.splitlines():
                if line.startswith("{") and "error" in json.loads(line):
                    return json.loads(line)["error"]
        raise AssertionError(f"no error document\n{self}")

    def __str__(self):
        return (f"$ {' '.join(map(str, self.command))}\nexit {self.code}\n"
                f"--- stdout\n{self.out}--- stderr\n{self.err}")


class Lake:
    """A lake in a temporary folder. files: path → text, at least lake.yaml."""

    prefix = None  # of its store in the tests' bucket

    def __init__(self, files, top):
        self.dir = Path(top)
        self.land = self.dir / "land"
        self.store = self.dir / "data"
        self.land.mkdir(parents=True, exist_ok=True)
        self.environment = {}
        for path, text in files.items():
            self.write(path, text)
        if "lake.yaml" not in files and (self.dir / "lake.yaml").exists():
            self.write("lake.yaml", (self.dir / "lake.yaml").read_text())

    def find_store(self):
        """Where the definition has the data, if that is the tests' bucket."""
        prefix = places.prefix_of((self.dir / "lake.yaml").read_text(errors="replace"))
        if prefix:
            self.prefix = prefix
            self.store = places.store_folder(self.prefix)
            self.environment.update(gateway.variables(places.service()["port"]))

    def path(self, told):
        """The file at a place that weir told, wherever the store is."""
        return self.store / str(told).removeprefix(f"s3://{gateway.BUCKET}/{self.prefix}/") \
            if str(told).startswith("s3://") else self.dir / told

    def address(self, path):
        """How weir names a file below the store."""
        if self.prefix is None:
            return str(path)
        return f"{places.address(self.prefix)}/{path.relative_to(self.store)}".removesuffix("/.")

    def replace(self, path, body):
        """A file below the store, behind Weir's back. An object becomes another one, that nobody
        told anything of."""
        if self.prefix is None:
            path.chmod(0o644)
        else:
            path.unlink()
        path.write_bytes(body if isinstance(body, bytes) else body.encode())

    def write(self, path, content):
        target = self.dir / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path == "lake.yaml" and isinstance(content, str):
            content = places.placed(content, target.read_text() if target.exists() else "")
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        if path == "lake.yaml":
            self.find_store()
        return target

    def deliver(self, path, content, mtime=None):
        """Put a file below land as a whole: path is <table's folder>/<name>."""
        target = self.land / path
        target.parent.mkdir(parents=True, exist_ok=True)
        body = content.encode() if isinstance(content, str) else content
        partial = target.parent / ".delivery.tmp"
        partial.write_bytes(body)
        if mtime is not None:
            os.utime(partial, (mtime, mtime))
        partial.rename(target)
        return target

    def call(self, *args, stdin=b"", env=None, cwd=None):
        command = [weir_path(), *map(str, args)]
        environment = clean_environment(**{**self.environment, **(env or {})})
        done = subprocess.run(command, input=stdin, capture_output=True, check=False,
                              cwd=cwd or self.dir, env=environment, timeout=COMMAND_SECONDS_MAX)
        return Result(command, done)

    def weir(self, *args, expect=0, **options):
        """Call the binary; expect: the exit code."""
        result = self.call(*args, **options)
        if result.code < 0:
            raise AssertionError(f"killed by {signal.Signals(-result.code).name}\n{result}")
        if "Sanitizer" in result.err or "runtime error:" in result.err:
            raise AssertionError(f"a sanitizer spoke\n{result}")
        if result.code != expect:
            raise AssertionError(f"expected exit {expect}\n{result}")
        return result

    def json(self, *args, **options):
        return self.weir(*args, "--output", "json", **options).doc

    def run(self, now=None, *args, **options):
        """The document of `weir run`; a document must be there whatever the exit code."""
        moment = [] if now is None else ["--now", now]
        return self.json("run", *moment, *args, **options)

    def land_now(self, now, *args, **options):
        return self.json("land", "--now", now, *args, **options)

    def query(self, sql):
        """Rows as tuples of texts and None."""
        lines = self.weir("query", "--output", "jsonl", sql).out.splitlines()
        return [tuple(as_text(v) for v in json.loads(line).values()) for line in lines]

    def value(self, sql):
        """The one value of one row."""
        (row,) = self.query(sql)
        (value,) = row
        return value

    def deliveries(self, columns="file, state"):
        return self.query(f"SELECT {columns} FROM weir.delivery ORDER BY ALL")

    def digests(self):
        """(table, partition, digest) of what is current and has rows, in order."""
        return self.query('SELECT "table", "partition", content FROM weir.version '
                          "WHERE state = 'current' AND rows > 0 ORDER BY ALL")

    def raw_files(self, table):
        """Path below the table's folder → bytes, of raw history."""
        top = self.store / table.replace(".", "/")
        return {str(p.relative_to(top)): p.read_bytes()
                for p in sorted(top.rglob("*")) if p.is_file()}

    def quarantine(self, table):
        """Reports of refused files: [(path of the file, report document)]."""
        top = self.store / ".weir" / "quarantine" / table
        found = []
        for report in sorted(top.rglob("*.report.json")):
            file = Path(str(report)[: -len(".report.json")])
            found.append((file, json.loads(report.read_text(encoding="utf-8"))))
        return found

    def partitions(self, table):
        """Names of the hive directories of a derived table."""
        top = self.store / table.replace(".", "/")
        if not top.is_dir():
            return []
        if (top / MANIFESTS).is_dir():
            top = top / MANIFESTS
        return sorted(str(p.relative_to(top)) for p in [top, *top.rglob("*")]
                      if p.is_dir() and any(f.is_file() for f in p.iterdir()))

    def shown(self, table, partition=""):
        """The files of a derived table, or of one partition, that plain readers find."""
        top = self.store / table.replace(".", "/")
        if (top / MANIFESTS).is_dir():
            return [self.path(line) for manifest in sorted((top / MANIFESTS / partition)
                                                           .rglob("manifest"))
                    for line in manifest.read_text().splitlines()]
        return sorted((top / partition).rglob("*.parquet"))

    def hive(self, table, partition=""):
        """A SELECT's source: what is in those files, by the oracle's eyes."""
        listed = ", ".join(sql_text(file) for file in self.shown(table, partition))
        return f"read_parquet([{listed}], hive_partitioning = false)"

    def state(self):
        """To see that nothing moved: path → (size, inode, time), of all but the ledger."""
        seen = {}
        tops = [self.dir] if self.prefix is None else [self.dir, self.store]
        for path in (p for top in tops for p in top.rglob("*")):
            if path.is_file() and path.suffix not in (".db", ".db-wal", ".db-shm", ".db-lock"):
                found = path.lstat()
                seen[str(path)] = (found.st_size, found.st_ino, found.st_mtime_ns)
        return seen

    def lose_ledger(self):
        places.lose(self.dir)

    def change_ledger(self, sql):
        places.change_ledger(self.dir, sql)

    def use_ledger_of(self, other):
        """From now on, another lake's is this one's."""
        text = (self.dir / "lake.yaml").read_text()
        self.write("lake.yaml", re.sub(r"(?m)^ledger:.*\n", "", text).rstrip("\n")
                   + f"\nledger: {places.location(other.dir)}\n")

    def has_ledger(self, schema="weir"):
        return places.exists(self.dir, schema)

    def put_back_ledger(self, copy):
        """Instead of the one that is there."""
        self.lose_ledger()
        if places.on_postgres():
            self.weir("ledger", "copy", copy, places.location(self.dir))
        else:
            shutil.copyfile(copy, self.dir / ".weir" / "ledger.db")

    def ledger_rows(self):
        """Table → all its rows, with their columns, but for what is of the moment."""
        if not places.on_postgres():
            return ledger_rows(self.dir / ".weir" / "ledger.db")
        with tempfile.TemporaryDirectory(prefix="weir-rows-") as top:
            self.weir("ledger", "backup", Path(top) / "copy.db")
            return ledger_rows(Path(top) / "copy.db")

    def land_is_empty(self):
        return not [p for p in self.land.rglob("*") if p.is_file()]


class LakeTest(unittest.TestCase):
    """A test with lakes. Set `files` for the lake that self.lake is."""

    files = None
    maxDiff = 4000

    def setUp(self):
        if self.files is not None:
            self.lake = self.new_lake(self.files)

    def new_lake(self, files):
        top = Path(tempfile.mkdtemp(prefix="weir-e2e-"))
        self.addCleanup(remove_tree, top)
        self.addCleanup(places.drop, top / "lake")
        return Lake(files, top / "lake")

    def begin_with(self, prepare):
        """self.lake becomes a copy of the one that prepare(lake) makes, once per class; what that
        returned."""
        made = vars(type(self)).get("made")
        if made is None:
            made = type(self).made = {}
        if prepare not in made:
            top = Path(tempfile.mkdtemp(prefix="weir-made-"))
            self.addClassCleanup(remove_tree, top)
            self.addClassCleanup(places.drop, top / "lake")
            lake = Lake(self.files, top / "lake")
            made[prepare] = lake, prepare(lake)
        lake, told = made[prepare]
        places.drop(self.lake.dir)
        remove_tree(self.lake.dir)
        copy_lake(lake.dir, self.lake.dir)
        self.lake.find_store()
        return told

    def assert_error(self, result, *words):
        """The result's error tells where or what to do, and all the words are in it."""
        error = result.error
        self.assertTrue(error.get("message"), result)
        self.assertTrue(error.get("hint") or error.get("line"), f"no place and no hint\n{result}")
        text = json.dumps(error, ensure_ascii=False)
        for word in words:
            self.assertIn(word, text, str(result))
        return error


# What is to be done next, and who is at it: a ledger made anew has all of it to look at again.
LEDGER_OF_THE_MOMENT = {
    "helper", "lease", "mark", "offer", "outbox", "pending_object", "pin", "rebuild", "staged",
    "unjournaled",
    "sqlite_sequence",
    ("edge", "bookmark_seq"), ("tbl", "projected_seq"), ("lake", "definition")}


def ledger_rows(path):
    """Table → all its rows, with their columns, of the ledger at path."""
    found = {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for name, in names:
            if name in LEDGER_OF_THE_MOMENT:
                continue
            columns = [c for _, c, *_ in db.execute(f"PRAGMA table_info({name})")
                       if (name, c) not in LEDGER_OF_THE_MOMENT]
            rows = db.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall()
            found[name] = [tuple(columns)] + sorted(rows, key=repr)
    db.close()
    return found


def copy_lake(source, target):
    """A lake's folder, and what it has elsewhere."""
    copy_tree(source, target)
    path = Path(target) / "lake.yaml"
    path.write_text(places.copied(path.read_text()))


LAKE_YAML = "lake: test\nlayers: [raw, silver, gold]\n"


def definition(**tables):
    """Files of a lake: keys like raw__sales (YAML) or silver__sales_sql (SQL)."""
    files = {"lake.yaml": LAKE_YAML}
    for key, text in tables.items():
        layer, name = key.split("__")
        if name.endswith("_sql"):
            files[f"tables/{layer}/{name[:-4]}.sql"] = text
        else:
            files[f"tables/{layer}/{name}.yaml"] = text
    return files
