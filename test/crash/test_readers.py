"""Readers while rebuilds run: whole commits through the ledger, old or new but never mixed through
plain directories, or through manifests in a bucket, whose objects are all there.

WEIR_CRASH_SECONDS tells how long (default 10).
"""
import json
import os
import threading
import time

import places
from crashlake import CrashTest, base_lake, sales
from places import MANIFESTS

SECONDS = int(os.environ.get("WEIR_CRASH_SECONDS", "10"))
GONE_MAX = 0.2  # of the looks into directories: "no such file", to be tried again
COLLECT_EVERY = 3  # rebuilds
TIMES_MIN = 3  # of rebuilds and questions, however slow they are
QUERY = ("SELECT (SELECT sum(amount) FROM silver.sales) AS silver,"
         " (SELECT sum(amount) FROM gold.city) AS city,"
         " (SELECT amount FROM gold.total) AS total,"
         " (SELECT count(*) FROM silver.sales) AS n, (SELECT n FROM gold.total) AS m")
VERSIONS = ("SELECT v.id, f.object FROM version v JOIN version_file vf ON vf.version = v.id"
            " JOIN file f ON f.id = vf.file")


def files_of_folder(folder):
    """Their names; None: it was replaced meanwhile."""
    before = folder.stat().st_ino
    names = frozenset(os.listdir(folder))
    sizes = [(folder / name).stat().st_size for name in names]
    return names if folder.stat().st_ino == before and all(sizes) else None


class Readers(CrashTest):
    rank = 0

    def rebuild(self):
        """Two contents of one file in turn: a day comes and goes, and all amounts change."""
        number = 0
        while (time.monotonic() < self.until or number < TIMES_MIN) and not self.wrong:
            number += 1
            days = ((1, "a", number), (2, "b", number)) if number % 2 else ((1, "a", number),)
            self.lake.deliver({"sales/a.csv": sales(*days)})
            for verb in ("run", "gc") if number % COLLECT_EVERY == 0 else ("run",):
                code, said = self.lake.call(verb)
                if code != 0:
                    self.wrong.append(said)
        self.over = True

    def look(self):
        """What each partition is made of, in a tight loop."""
        top = self.lake.store / "silver" / "sales"
        while not self.over and not self.wrong:
            for day in (1, 2, 3):
                partition = f"day=2024-01-0{day}"
                try:
                    names = (files_of_folder(top / partition) if self.lake.prefix is None
                             else self.files_of_manifest(top / MANIFESTS / partition / "manifest"))
                except FileNotFoundError:
                    names = None
                self.looks += 1
                self.gone += names is None
                if names is not None:
                    self.seen.add(names)

    def files_of_manifest(self, manifest):
        """Names of the objects. One that is not there is not for a reader to put up with."""
        names = set()
        for line in manifest.read_text().splitlines():
            key = line.removeprefix(f"{places.address(self.lake.prefix)}/")
            names.add(os.path.basename(key))
            if not (self.lake.store / key).is_file():
                self.wrong.append(f"{manifest} names {line}, which is not there")
        return frozenset(names)

    def ask(self):
        while (not self.over or self.asked < TIMES_MIN) and not self.wrong:
            code, said = self.lake.call("query", "--output", "jsonl", QUERY)
            if code != 0:
                self.wrong.append(said)
                return
            row = json.loads(said.strip().splitlines()[-1])
            self.asked += 1
            values = {name: int(value) for name, value in row.items()}
            sums = {values["silver"], values["city"], values["total"]}
            if len(sums) > 1 or values["n"] != values["m"]:
                self.wrong.append(f"tables of different commits: {row}")

    def test_readers_never_see_a_mixture(self):
        self.lake = base_lake(self.new_folder() / "lake")
        self.wrong, self.seen = [], set()
        self.looks = self.gone = self.asked = 0
        self.over = False
        self.until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=t) for t in (self.rebuild, self.look, self.ask)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.wrong, [])
        versions = {}
        for version, obj in self.lake.rows(VERSIONS):
            versions.setdefault(version, set()).add(os.path.basename(obj))
        known = {frozenset(names) for names in versions.values()}
        self.assertEqual([sorted(names) for names in self.seen - known], [], "mixed")
        self.assertLess(self.gone / self.looks, GONE_MAX, "no such file, too often")
        self.assert_whole(self.lake)
