"""What the crash tests do to a lake: a run with news of every kind, a first run, a collection of
garbage. Doing it once more is what heals."""
import os
import time
from pathlib import Path

import bucket
import places
from crashlake import FIRST, SECOND, CrashLake, base_lake, sales
from harness import NOW, remove_tree
from judge import content, tree

LATER = NOW + 1000
OLD = 2 * 24 * 3600  # seconds: garbage for gc
LARGE_BYTES = 25_000_000  # several parts
NO_RETENTION = "retention: {for: 0s, keep: 0}\n"


def with_news(top):
    """All kinds of deliveries wait."""
    lake = base_lake(top)
    lake.deliver(SECOND)
    return lake


def unborn(top):
    """Only defined, with files that wait."""
    lake = CrashLake(top).define()
    lake.deliver(FIRST)
    return lake


def with_garbage(top):
    """Versions that nothing needs, an object that nobody knows, and what a landing worked in."""
    lake = with_news(top)
    lake.run(LATER)
    definition = lake.dir / "lake.yaml"
    definition.write_text(definition.read_text() + NO_RETENTION)
    (run,) = lake.rows("SELECT id FROM run ORDER BY id LIMIT 1")[0]
    for path in (f"objects/silver.sales/{run}/lost/0.parquet", f"landing/{run}-1/0"):
        lost = lake.store / "silver" / ".weir" / path
        lost.parent.mkdir(parents=True)
        lost.write_text("lost")
        os.utime(lost, (time.time() - OLD,) * 2)
    return lake


def with_bucket_for_land(top):
    """All kinds of deliveries wait in a bucket."""
    return deliver_in_bucket(base_lake(top))


def deliver_in_bucket(lake):
    definition = lake.definition.read_text()
    lake.definition.write_text(f"{definition}land: {places.address(lake.prefix + bucket.LAND)}\n")
    lake.find_places()
    lake.deliver(SECOND)
    return lake


def with_large_file(top):
    """One that goes in parts waits."""
    lake = base_lake(top)
    (lake.dir / "tables/raw/large.yaml").write_text("format: opaque\n")
    lake.deliver({"large/large.bin": "large " * (LARGE_BYTES // 6)})
    return lake


def corrected(top):
    lake = with_news(top)
    lake.run(LATER)
    return lake


def held(top):
    lake = corrected(top)
    lake.call("undo", newest_run(lake))
    return lake


def damaged(top):
    """A file of a table is gone, one is another, and a directory shows something else."""
    lake = corrected(top)
    files = sorted((lake.store / "silver" / ".weir" / "objects").rglob("*.parquet"))
    files[-1].unlink()
    files[-2].chmod(0o644)
    files[-2].write_bytes(b"nonsense")
    next((lake.store / "gold" / "city").rglob("*.parquet")).unlink()
    return lake


def with_strangers(top):
    """Files that nobody landed lie in raw history."""
    lake = corrected(top)
    for name, moment, text in (("z", LATER, sales((6, "a", 1))),
                               ("a", LATER - 1, sales((1, "b", 3)))):
        path = lake.store / f"raw/sales/file_land_timestamp={moment}/{name}_{moment}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return lake


def without_ledger(top):
    lake = corrected(top)
    places.lose(lake.dir)
    return lake


def withdrawn(top):
    lake = corrected(top)
    lake.call("withdraw", "--reason", "wrong", "c.csv")
    lake.run(LATER + 1)
    return lake


def refused(top):
    """A file breaks a rule that may be set aside."""
    lake = corrected(top)
    definition = lake.dir / "tables/raw/sales.yaml"
    definition.write_text(definition.read_text().replace("nullable: false",
                                                         "nullable: false, maximum: 50"))
    lake.deliver({"sales/much.csv": sales((6, "a", 90))})
    lake.run(LATER + 1)
    return lake


def recoded(top):
    """By its code a table is stale, and would be another one."""
    lake = corrected(top)
    code = lake.dir / "tables/gold/total.sql"
    code.write_text(code.read_text().replace("sum(amount)", "sum(amount) + 1"))
    return lake


def orphaned(top):
    lake = corrected(top)
    for path in (lake.dir / "tables/gold").glob("city.*"):
        path.unlink()
    lake.run(LATER + 1)
    return lake


class Scenario:
    def __init__(self, make, *args):
        self.make = make
        self.args = args

    def do(self, lake, **environment):
        """(exit code, what was said)."""
        return lake.call(*self.args, **environment)

    def heal(self, lake, **environment):
        code, said = self.do(lake, **environment)
        if code != 0:
            raise AssertionError(f"exit {code}\n{said}")

    @staticmethod
    def content(lake):
        return content(lake)


class Collecting(Scenario):
    @staticmethod
    def content(lake):
        """Nothing is made, so that names can be compared, too."""
        return content(lake) | {"files": {path for path in tree(lake.store)
                                          if not path.startswith(".weir/journal/")}}


class Care(Scenario):
    """Heals by the verb itself once more, and a run. code: of success."""

    def __init__(self, make, *args, code=0):
        super().__init__(make, *args)
        self.code = code

    def words(self, lake):
        return [word(lake) if callable(word) else word for word in self.args]

    def do(self, lake, **environment):
        code, said = lake.call(*self.words(lake), **environment)
        return (0 if code == self.code else code), said

    def heal(self, lake, **environment):
        lake.call(*self.words(lake), **environment)
        lake.run(LATER + 2, **environment)


class Move(Scenario):
    """Heals by copying again; then the lake is in the other place, and the old one is gone. What
    was cut off cannot be opened."""

    def do(self, lake, **environment):
        there, _ = lake.place()
        return lake.call("store", "copy", there, f"{there}0", **environment)

    def heal(self, lake, **environment):
        there, folder = lake.place()
        is_whole = Path(f"{folder}0", ".weir", "lake.json").exists()
        lake.move(f"{there}0")
        code, said = lake.call("status", **environment)
        if (code == 0) != is_whole:
            raise AssertionError(f"exit {code}, a copy that was marked: {is_whole}\n{said}")
        lake.move(there)
        super().heal(lake, **environment)
        lake.move(f"{there}0")
        remove_tree(folder)
        lake.run(LATER + 2, **environment)


def newest_run(lake):
    return lake.rows("SELECT id FROM run WHERE verb = 'run' ORDER BY started DESC LIMIT 1")[0][0]


RUN = Scenario(with_news, "run", "--now", LATER)
BIRTH = Scenario(unborn, "run", "--now", NOW)
FETCH = Scenario(with_bucket_for_land, "run", "--now", LATER)
UPLOAD = Scenario(with_large_file, "run", "--now", LATER)
COLLECT = Collecting(with_garbage, "gc")
UNDO = Care(corrected, "undo", newest_run)
RELEASE = Care(held, "release", "*.*")
REPAIR = Care(damaged, "fsck", "--repair", code=1)
WITHDRAW = Care(corrected, "withdraw", "--reason", "wrong", "c.csv")
READMIT = Care(withdrawn, "readmit", "c.csv")
ADMIT_REFUSED = Care(refused, "readmit", "--accept-anyway", "--reason", "real", "much.csv")
ACCEPT = Care(recoded, "accept", "--reason", "next year", "gold.total")
DROP = Care(orphaned, "drop", "--reason", "over", "gold.city")
ADOPT = Care(with_strangers, "fsck", "--fast", "--adopt")
MOVE = Move(corrected)
REMAKE = Care(without_ledger, "ledger", "rebuild")
