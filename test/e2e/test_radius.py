"""The blast radius is complete and tight (invariant I6), small steps lead where one would (I7), and
in which order deliveries come does not matter (I5).

Random small lakes (test/property) take files and changes of code in rounds. Before each run its
plan, and of files that are withdrawn or readmitted their impact, must name every partition whose
rows will differ; afterwards just these have another digest, and all hold what plain DuckDB says
they hold by definition. At the end another lake takes what was not withdrawn in another order, is
built once, and has the same digests.

WEIR_LAKES=N for so many lakes, WEIR_LAKES_SEED=TEXT for others; the seed is told, and a lake that
fails tells how it was made.
"""
import json
import os
import random
import sys
import unittest
import urllib.parse

from harness import LAKE_YAML, NOW, REPOSITORY, LakeTest, fast_worker, oracle

sys.path.append(str(REPOSITORY / "test" / "property"))

import truth  # noqa: E402  found by the line above
from lakes import SmallLake  # noqa: E402

SEED = os.environ.get("WEIR_LAKES_SEED", "20240229")
LAKES = int(os.environ.get("WEIR_LAKES", "50"))
ROUNDS = int(os.environ.get("WEIR_LAKES_ROUNDS", "1"))
ONLY = os.environ.get("WEIR_LAKES_ONLY")  # numbers of lakes, to look at some alone
TOGETHER = 25  # lakes in one folder
MADE_ANEW = 5  # every so many of them are made again, in another order


def key_of(partition):
    """The values of a partition's text."""
    if partition == "()":
        return ()
    texts = [part.split("=", 1)[1] for part in partition.split("/")]
    return tuple(None if text == "__HIVE_DEFAULT_PARTITION__" else urllib.parse.unquote(text)
                 for text in texts)


def keys_of(items):
    return {(item["table"], key_of(item["partition"])) for item in items}


class Folder:
    """Lakes that share one folder, with the copies of their files that plain DuckDB reads."""

    def __init__(self, test, numbers):
        self.small = [SmallLake(n, random.Random(f"{SEED} {n}"), NOW) for n in numbers]
        self.lake = test.new_lake({"lake.yaml": LAKE_YAML, **self.definition()})
        self.lake.environment.update(fast_worker())
        self.copies = self.lake.dir.parent / "copies"
        self.copies.mkdir()
        self.paths = {}
        self.now = NOW
        self.landed = {small.number: 0 for small in self.small}

    def definition(self):
        return definition_of(self.small)

    def path(self, delivery):
        """A copy of a delivery's bytes."""
        if id(delivery) not in self.paths:
            path = self.copies / f"{len(self.paths)}.csv"
            path.write_text(delivery.body, encoding="utf-8")
            self.paths[id(delivery)] = path
        return self.paths[id(delivery)]

    def act(self):
        """What each lake does this time, done to the model."""
        now = self.later()
        for small in self.small:
            small.now = now
        return [(small, deed) for small in self.small for deed in [small.act()] if deed]

    def deliver_new(self):
        for small in self.small:
            for delivery in small.deliveries[self.landed[small.number]:]:
                self.lake.deliver(delivery.file, delivery.body)
            self.landed[small.number] = len(small.deliveries)

    def later(self):
        self.now += 60
        return self.now

    # what is so, and what must be so

    def look(self, deeds=()):
        """By table and partition what the rows are, what differs, and what deeds' files reach."""
        parts = [(self.statements(small), self.questions(small)) for small in self.small]
        parts += [([], self.reaches(small, deed)) for small, deed in deeds]
        found = {"rows": {}, "more": [], "less": [], "reached": set()}
        for table, what, partition, value in oracle(truth.script(parts)):
            key = (table, tuple(json.loads(partition)))
            if what == "rows":
                found["rows"][key] = value
            elif what == "reached":
                found["reached"].add(key)
            else:
                found[what].append((*key, value))
        return found

    def statements(self, small):
        counting = small.counting()
        lines = []
        for role, name in small.sources.items():
            files = [(self.path(d), d.file) for d in counting if d.role == role]
            lines += truth.source(name, role, files)
        for table in small.tables:
            lines += truth.content(table)
        return lines

    def questions(self, small):
        asked = []
        for table in small.tables:
            got = self.lake.hive(table.name) if self.lake.partitions(table.name) else None
            asked += [truth.counted(table), truth.differences(table, got)]
        return asked

    def reaches(self, small, deed):
        verb, *files = deed
        return [truth.reached(table, small.sources[d.role], self.path(d), d.role)
                for d in files if d is not None and verb != "code"
                for table in small.tables if small.sources[d.role] in table.reads]

    def digests(self):
        return digests_of(self.lake)

    def open_tables(self):
        return {table for small in self.small for table in small.open_tables()}

    def tables_below_whole(self):
        return {table for small in self.small for table in small.tables_below_whole()}

    def below(self, tables):
        return {table for small in self.small for table in small.below(tables)}

    # one round

    def carry_out(self, deeds):
        """The deeds, up to the run; what impact says before of files that come and go."""
        self.deliver_new()
        for path, text in self.definition().items():
            self.lake.write(path, text)
        self.lake.weir("land", "--redefine", "--now", self.now)
        asked = [deed for small, deed in deeds if is_simple(small, deed)]
        impact = {"partitions": [], "open": [], "complete": True}
        if asked:
            impact = self.lake.json("impact", "-", stdin=listed(asked))
        for verb in ("withdraw", "withdraw --fall-back", "readmit"):
            found = [deed for _, deed in deeds if deed[0] == verb]
            if found:
                self.lake.weir(*verb.split(), "--reason", "bad", "-", stdin=listed(found))
        return impact


def listed(deeds):
    return "\n".join((before or after).file if verb != "readmit" else after.file
                     for verb, before, after in deeds).encode()


def is_simple(small, deed):
    """One file comes or goes, and no other in its place: what impact is asked about. It knows not
    what a file would feed that the SQL of today has never read."""
    verb, before, _ = deed
    return verb == "withdraw" or (verb == "readmit" and before is None and not small.is_redefined)


def planned_of(document):
    """By table and partition whether it is certain to be built."""
    return {(step["table"], key_of(p["partition"])): p["certain"]
            for step in document["steps"] for p in step["partitions"]}


class RadiusTest(LakeTest):
    """Counts over all lakes what changed, and what was named beside that."""

    rank = 0

    @classmethod
    def setUpClass(cls):
        cls.changed = cls.named = cls.missed = cls.whole = cls.lakes = 0

    @classmethod
    def tearDownClass(cls):
        ratio = cls.changed / max(cls.named, 1)
        print(f"blast radius: {cls.lakes} lakes, {cls.changed} partitions changed, {cls.named} "
              f"named, ratio {ratio:.2f}; beside these {cls.whole} below inputs read whole, and "
              f"{cls.missed} first seen in rows that the run built (WEIR_LAKES_SEED={SEED})")

    def test_impact_and_plan_name_what_changes_and_runs_make_it_so(self):
        numbers = [int(n) for n in ONLY.split(",")] if ONLY else range(LAKES)
        for first in range(0, len(numbers), TOGETHER):
            with self.subTest(first=numbers[first]):
                self.walk(Folder(self, numbers[first:first + TOGETHER]))

    def walk(self, folder):
        folder.deliver_new()
        folder.lake.weir("run", "--now", folder.now)
        before, digests = folder.look(), folder.digests()
        self.assert_right(folder, before, digests)
        for _ in range(ROUNDS):
            before, digests = self.one_round(folder, before, digests)
        self.assert_same_made_anew(folder, digests)
        type(self).lakes += len(folder.small)

    def one_round(self, folder, before, digests):
        deeds = folder.act()
        impact = folder.carry_out(deeds)
        planned = planned_of(folder.lake.json("plan"))
        document = folder.lake.run(folder.later())
        after, now = folder.look(deeds), folder.digests()
        self.assert_right(folder, after, now)
        changed = different(before["rows"], after["rows"])
        missed = changed - set(planned)
        self.assert_named(folder, missed - of_tables(folder.open_tables(), missed),
                          "plan does not name what changed")
        asked = [small for small, deed in deeds if is_simple(small, deed)]
        unnamed = of_lakes(asked, changed) - keys_of(impact["partitions"])
        beyond = folder.below(impact["open"]) if impact["complete"] else folder.open_tables()
        unnamed -= of_tables(beyond, unnamed)
        self.assert_named(folder, unnamed, "impact does not name what changed")
        self.assert_named(folder, different(digests, now) ^ changed, "digests and rows disagree")
        self.assert_named(folder, self.read_wrongly(deeds, planned, after["reached"]),
                          "a table that reads files is not marked by its rows alone")
        # Nothing is built for good where rows are as they were; found again it may be.
        done = document["partitions"]
        new = sum(key in after["rows"] for key in changed)
        self.assertLessEqual(done["built"], new, document)
        self.assertLessEqual(new, done["built"] + done["reused"], document)
        self.count(folder, changed, planned, missed)
        return after, now

    def read_wrongly(self, deeds, planned, reached):
        """Where rows say which partitions a file reaches: those, and no others, are certain."""
        tables = {table.name for small, deed in deeds if deed[0] != "code"
                  for table in small.tables
                  if table.reads and not table.whole and set(table.reads) == set(table.inputs)}
        certain = {key for key, is_certain in planned.items() if is_certain}
        return {key for key in certain ^ reached if key[0] in tables}

    def count(self, folder, changed, planned, missed):
        extra = of_tables(folder.tables_below_whole(), set(planned) - changed)
        type(self).changed += len(changed)
        type(self).named += len(planned) - len(extra)
        type(self).whole += len(extra)
        type(self).missed += len(missed)

    def assert_named(self, folder, keys, message):
        if keys:
            self.fail(f"{message}: {sorted(keys, key=str)[:8]}\n{self.stories(folder, keys)}")

    def assert_right(self, folder, found, digests):
        wrong = [(sign, *row) for sign in ("more", "less") for row in found[sign]]
        if wrong:
            keys = [(table, partition) for _, table, partition, _ in wrong]
            self.fail(f"rows differ: {wrong[:8]}\n{self.stories(folder, keys)}")
        self.assert_named(folder, set(found["rows"]) ^ set(digests), "partitions differ")

    def assert_same_made_anew(self, folder, digests):
        """Batches in another order, by lakes that are built once."""
        some = [small for small in folder.small if small.number % MADE_ANEW == 0 or ONLY]
        fresh = self.new_lake({"lake.yaml": LAKE_YAML, **definition_of(some)})
        fresh.environment.update(fast_worker())
        kept = [d for small in some for d in small.never_withdrawn()]
        moments = sorted({d.moment for d in kept})
        random.Random(SEED).shuffle(moments)
        for moment in moments:
            for delivery in (d for d in kept if d.moment == moment):
                fresh.deliver(delivery.file, delivery.body)
            fresh.weir("land", "--now", moment)
        fresh.weir("run", "--now", folder.later())
        self.assert_named(folder, different(of_lakes(some, digests), digests_of(fresh)),
                          "not the same when made anew")

    def stories(self, folder, keys):
        tables = {table for table, _ in keys}
        told = [small for small in folder.small if tables & names(small)][:2]
        return "\n".join(f"--- WEIR_LAKES_SEED={SEED} WEIR_LAKES_ONLY={small.number}\n"
                         f"{small.told()}" for small in told)


def names(small):
    return {table.name for table in small.tables}


def of_lakes(lakes, found):
    """Of keys, or of a dictionary with them, those of some lakes."""
    return of_tables({name for small in lakes for name in names(small)}, found)


def of_tables(tables, found):
    kept = {key for key in found if key[0] in tables}
    return {key: found[key] for key in kept} if isinstance(found, dict) else kept


def definition_of(lakes):
    return {path: text for small in lakes for path, text in small.definition().items()}


def digests_of(lake):
    return {(table, key_of(partition)): content for table, partition, content in lake.digests()}


def different(one, other):
    return {key for key in set(one) | set(other) if one.get(key) != other.get(key)}


if __name__ == "__main__":
    unittest.main()
