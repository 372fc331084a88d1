"""Readers while rebuilds run: whole commits through the ledger, old or new but never mixed through
plain directories.

WEIR_CRASH_SECONDS tells how long (default 10).
"""
import json
import os
import threading
import time

from crashlake import CrashTest, base_lake, sales

SECONDS = int(os.environ.get("WEIR_CRASH_SECONDS", "10"))
GONE_MAX = 0.2  # of the looks into directories: "no such file", to be tried again
QUERY = ("SELECT (SELECT sum(amount) FROM silver.sales) AS silver,"
         " (SELECT sum(amount) FROM gold.city) AS city,"
         " (SELECT amount FROM gold.total) AS total,"
         " (SELECT count(*) FROM silver.sales) AS n, (SELECT n FROM gold.total) AS m")
VERSIONS = ("SELECT v.id, f.object FROM version v JOIN version_file vf ON vf.version = v.id"
            " JOIN file f ON f.id = vf.file")


class Readers(CrashTest):
    rank = 0

    def rebuild(self):
        """Two contents of one file in turn: a day comes and goes, and all amounts change."""
        number = 0
        while time.monotonic() < self.until and not self.wrong:
            number += 1
            days = ((1, "a", number), (2, "b", number)) if number % 2 else ((1, "a", number),)
            self.lake.deliver({"sales/a.csv": sales(*days)})
            code, said = self.lake.call("run")
            if code != 0:
                self.wrong.append(said)
        self.rebuilds = number

    def look(self):
        """Names and inode of each partition's directory, in a tight loop."""
        top = self.lake.store / "silver" / "sales"
        while time.monotonic() < self.until and not self.wrong:
            for day in (1, 2, 3):
                folder = top / f"day=2024-01-0{day}"
                try:
                    before = folder.stat().st_ino
                    names = frozenset(os.listdir(folder))
                    sizes = [(folder / name).stat().st_size for name in names]
                    whole = folder.stat().st_ino == before and all(sizes)
                except FileNotFoundError:
                    whole = False
                self.looks += 1
                self.gone += not whole
                if whole:
                    self.seen.add(names)

    def ask(self):
        while time.monotonic() < self.until and not self.wrong:
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
        self.looks = self.gone = self.asked = self.rebuilds = 0
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
        self.assertGreater(self.rebuilds, 2)
        self.assertGreater(self.asked, 2)
        self.assertLess(self.gone / self.looks, GONE_MAX, "no such file, too often")
        self.assert_whole(self.lake)
