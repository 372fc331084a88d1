"""A lake that somebody has tampered with: found, named, never followed, never trusted.

All tests begin with a copy of one lake that has a correction behind it, and keeps nothing that was
replaced: whatever gc may remove, it would remove at once.
"""
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

import places
from harness import LAKE_YAML, NOW, Lake, LakeTest, copy_lake, local_only, remove_tree
from sales import rows, sales

DAY = "day=2024-05-01"
FILES = {**sales(), "lake.yaml": LAKE_YAML + "retention: {for: 0s, keep: 0}\n"}
REPLAY_HINT = ("Put it back from a copy of the store; what follows it cannot be replayed without "
               "it.")
READ_HINT = "`weir fsck` tells what was altered or removed, and what to do about it."
LINK = "a symbolic link, or no regular file"


def sealed(entry):
    """The text of a journal entry that ends with the right sha256, as only Weir should write it."""
    text = json.dumps({k: v for k, v in entry.items() if k != "sha256"})[:-1]
    return f'{text},"sha256":"{hashlib.sha256(text.encode()).hexdigest()}"}}\n'


class HostileTest(LakeTest):
    @classmethod
    def setUpClass(cls):
        cls.top = Path(tempfile.mkdtemp(prefix="weir-hostile-"))
        cls.addClassCleanup(remove_tree, cls.top)
        whole = Lake(FILES, cls.top / "whole")
        whole.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        whole.run(NOW)
        whole.deliver("sales/a.csv", rows("2024-05-01,A,10", "2024-05-02,A,2"))
        whole.run(NOW + 1)

    def setUp(self):
        copy_lake(self.top / "whole", self.top / "lake")
        self.addCleanup(remove_tree, self.top / "lake")
        self.addCleanup(places.drop, self.top / "lake")
        self.lake = Lake({}, self.top / "lake")
        self.journal = self.lake.store / ".weir" / "journal"
        self.ledger = self.lake.dir / ".weir" / "ledger.db"

    def refuse(self, *words, code, message, hint):
        error = self.lake.weir(*words, "-o", "json", expect=code).error
        self.assertEqual((error["message"], error["hint"]), (message, hint), words)

    def faults(self, *words):
        """[(kind, layer, the end of the name, detail)]"""
        told = self.lake.json("fsck", *words, expect=1)["faults"]
        return [(f["kind"], f["layer"], Path(f["object"]).name, f["detail"]) for f in told]

    def remove_ledger(self):
        self.lake.lose_ledger()


@places.needs_ledger_file
class LedgerTest(HostileTest):
    def test_one_that_was_cut_short_does_nothing(self):
        body = self.ledger.read_bytes()
        before = self.lake.state()
        for verb, size in zip(("run", "gc", "fsck", "status", "undo"),
                              (50, 4096, len(body) // 2, len(body) - 4096, 100)):
            self.remove_ledger()
            self.ledger.write_bytes(body[:size])
            self.refuse(verb, *(["x"] if verb == "undo" else []), code=1,
                        message=f'ledger "{self.ledger}": database disk image is malformed',
                        hint="The file is damaged or cut short: put back a copy, or make it anew "
                             "with `weir ledger rebuild`.")
        self.assertEqual(self.lake.state(), before)
        self.lake.weir("ledger", "rebuild")
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "12")

    def test_fsck_finds_a_damage_that_no_other_verb_meets(self):
        with sqlite3.connect(self.ledger) as db:
            (page,), = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'failure'")
            (size,), = db.execute("PRAGMA page_size")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        with open(self.ledger, "r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
        self.lake.weir("fsck", "--fast")
        self.assert_error(self.lake.weir("fsck", "-o", "json", expect=1), "weir ledger rebuild")


class ForeignTest(HostileTest):
    def test_an_emptied_or_foreign_ledger_lets_gc_remove_nothing(self):
        other = self.new_lake(FILES)
        other.weir("run")
        self.lake.use_ledger_of(other)
        before = self.lake.state()
        for verb in ("gc", "run", "fsck"):
            result = self.lake.weir(verb, "-o", "json", expect=2)
            self.assert_error(result, "one lake has one store and one ledger")
        self.assertEqual(self.lake.state(), before)


class MarkerTest(HostileTest):
    def test_a_store_that_names_another_lake_is_left_alone(self):
        marker = self.lake.store / ".weir" / "lake.json"
        name, store = self.lake.address(marker), self.lake.address(self.lake.store)
        own = json.loads(marker.read_text(encoding="utf-8"))
        damaged = ("Put it back from a copy of the store. It reads {\"format\":1,\"lake\":ID,"
                   "\"name\":NAME}, with \"layer\":LAYER in a layer's own store; each entry of "
                   "the journal has the ID.")
        unclear = f'"{name}" does not say whose store it is in: '
        cases = [
            (json.dumps({**own, "name": "other"}), 2,
             f'store "{store}" belongs to lake "other", not to "test"',
             "Name another store in lake.yaml, or call the lake \"other\" again."),
            (json.dumps({**own, "lake": "01aaaaaaaaaaaaaaaaaaaaaaaa"}), 2,
             f'ledger "{places.location(self.lake.dir)}" is of lake "{own["lake"]}", the store of '
             'lake "01aaaaaaaaaaaaaaaaaaaaaaaa"',
             "Check `ledger` and `store` in lake.yaml: one lake has one store and one ledger."),
            (json.dumps({**own, "format": 2}), 2, f'"{name}" is of a newer weir',
             "Use the newer weir."),
            ('{"format":', 1,
             f'{unclear}"lake.json" is not JSON: unexpected token near end of file', damaged),
            ("[]", 1, f'{unclear}expected an object with the key "lake"', damaged),
        ]
        before = self.lake.state()
        for (text, code, message, hint), verb in zip(cases, ("gc", "run", "fsck", "gc", "run")):
            self.lake.replace(marker, text)
            self.refuse(verb, code=code, message=message, hint=hint)
        self.lake.replace(marker, json.dumps(own))
        seen = self.lake.state()
        self.assertEqual({k for k in before if before[k] != seen.get(k)}, {str(marker)})

    @local_only("there are no links")
    def test_a_marker_that_is_a_link_is_not_followed(self):
        marker = self.lake.store / ".weir" / "lake.json"
        marker.unlink()
        marker.symlink_to("/etc/hostname")
        error = self.lake.weir("gc", "-o", "json", expect=1).error
        self.assertEqual(error["message"], f'"{marker}" does not say whose store it is in: it is '
                                           "no regular file")


class JournalTest(HostileTest):
    def forge(self, change):
        """Change the first entry that can be, seal it again, and give its name."""
        for entry in sorted(self.journal.iterdir()):
            document = json.loads(entry.read_text(encoding="utf-8"))
            if change(document):
                kept = entry.read_bytes()
                self.lake.replace(entry, sealed(document))
                return entry, kept
        self.fail("no entry has that")

    @staticmethod
    def cell(table, column, value):
        def change(document):
            for t in document["tables"]:
                if t["table"] == table and t["rows"] and column in t["columns"]:
                    t["rows"][0][t["columns"].index(column)] = value
                    return True
            return False
        return change

    @staticmethod
    def key(**changes):
        return lambda document: document.update(changes) or True

    def test_well_sealed_lies_are_refused(self):
        """Exit 1 for what is no entry at all, 2 for one of somebody else."""
        out = "holds a path that leads out of its folder"
        count = "holds a number that counts nothing"
        cases = [
            (self.cell("delivery", "object", "../../etc/passwd"), 1, out),
            (self.cell("delivery", "object", "/etc/passwd"), 1, out),
            (self.cell("file", "object", "a/../../b"), 1, out),
            (self.cell("partition", "text", "day=../../x"), 1, out),
            (self.cell("file", "bytes", 2 ** 62), 1, count),
            (self.cell("version", "rows", -1), 1, count),
            (self.cell("version", "rows", 2 ** 70), 1,
             "cannot be read: \"00000000000000000003.json\" is not JSON: too big integer"),
            (self.cell("version", "rows", "many"), 1, "holds a value of another type"),
            (self.key(seq=99), 1, "has another entry's content"),
            (self.key(tables=[{"table": "lake", "columns": [], "gone": [], "rows": []}]), 1,
             "names a table that this weir does not know"),
            (self.key(format=2), 2, "is of a newer weir"),
            (self.key(lake="01aaaaaaaaaaaaaaaaaaaaaaaa"), 2, "is of another lake"),
            (self.key(previous="0" * 64), 2, "does not follow the commit before it"),
        ]
        self.remove_ledger()
        for change, code, what in cases:
            entry, kept = self.forge(change)
            error = self.lake.weir("ledger", "rebuild", "-o", "json", expect=code).error
            self.assertEqual(error["message"], f'journal entry ".weir/journal/{entry.name}" {what}')
            self.assertTrue(error["hint"] == REPLAY_HINT or code == 2, error)
            self.assertFalse(self.lake.has_ledger())
            self.lake.replace(entry, kept)
        self.lake.weir("ledger", "rebuild")

    def test_what_is_no_entry_takes_no_memory_and_no_part(self):
        first, second = sorted(self.journal.iterdir())[:2]
        self.remove_ledger()
        kept = second.read_bytes()
        self.lake.replace(second, b"")
        os.truncate(second, 2 * 10 ** 9)
        name = f'journal entry ".weir/journal/{second.name}"'
        result = self.lake.weir("ledger", "rebuild", "-o", "json", expect=1)
        self.assert_error(result, f'.weir/journal/{second.name}\\" cannot be read: ', REPLAY_HINT,
                          f'{self.lake.address(second)}\\": larger than 900000000 bytes')
        for body in (kept[:-1], kept + b"\n", b"\x00" * 100, b""):
            self.lake.replace(second, body)
            self.refuse("ledger", "rebuild", code=1, hint=REPLAY_HINT,
                        message=f"{name} is cut short, or none at all")
        self.lake.replace(second, kept.replace(b"sales", b"saled", 1))
        self.refuse("ledger", "rebuild", code=1, hint=REPLAY_HINT, message=f"{name} was altered")
        shutil.copyfile(first, second)
        self.refuse("ledger", "rebuild", code=1, hint=REPLAY_HINT,
                    message=f"{name} has another entry's content")
        second.unlink()
        missing = f'{name} is missing in store "{self.lake.address(self.lake.store)}"'
        self.refuse("ledger", "rebuild", code=1, hint=REPLAY_HINT, message=missing)
        if self.lake.prefix is None:
            second.symlink_to(first.name)
            self.refuse("ledger", "rebuild", code=1, hint=REPLAY_HINT, message=missing)

    def test_fsck_reads_the_journal_too(self):
        entries = sorted(self.journal.iterdir())
        body = entries[1].read_bytes()
        self.lake.replace(entries[1], body.replace(b"sales", b"saled", 1))
        entries[3].unlink()
        shutil.copyfile(entries[2], self.journal / "3.json")
        shapes = [("extra", "journal", "3.json", "its name is no journal entry's"),
                  ("missing", "journal", entries[3].name, None)]
        altered = ("altered", "journal", entries[1].name,
                   f'journal entry ".weir/journal/{entries[1].name}" was altered')
        if self.lake.prefix is None:
            (self.journal / "link").symlink_to(entries[2].name)
            shapes.insert(1, ("extra", "journal", "link", LINK))
        self.assertEqual(self.faults("--fast"), shapes)
        self.assertEqual(sorted(self.faults(), key=str), sorted([*shapes, altered], key=str))
        self.assertIn("`weir ledger backup FILE`", self.lake.weir("fsck", "--fast", expect=1).err)

    def test_an_entry_far_ahead_of_the_ledger_is_found(self):
        """A listing in order shows it at once, and then nothing goes without what is missing."""
        entries = sorted(self.journal.iterdir())
        ahead = f"{99:020}.json"
        shutil.copyfile(entries[2], self.journal / ahead)
        if self.lake.prefix is None:
            self.assertEqual(self.faults("--fast"), [("extra", "journal", ahead,
                                                      "the ledger has no such commit")])
        else:
            missing = f".weir/journal/{len(entries) + 1:020}.json"
            self.refuse("fsck", code=1, hint=REPLAY_HINT,
                        message=f'journal entry "{missing}" is missing in store '
                                f'"{self.lake.address(self.lake.store)}"')


class ObjectTest(HostileTest):
    def object(self, layer):
        """The file that is current of the corrected day."""
        shown, = self.lake.shown("gold.total" if layer == "gold" else "silver.sales", DAY)
        return next((self.lake.store / layer / ".weir" / "objects").rglob(shown.name))

    def refuse_reading(self, path, why, *words):
        self.refuse(*words, code=1, hint=READ_HINT,
                    message=f'"{self.lake.address(path)}" is not what was kept: {why}')

    @local_only("there are no links")
    def test_links_in_place_of_files_are_not_read(self):
        raw, = (self.lake.store / "raw").rglob(f"*_{NOW + 1}.csv")
        mine = self.lake.write("mine.csv", rows("2024-05-01,MINE,9"))
        for path, table in ((raw, "raw.sales"), (self.object("silver"), "silver.sales")):
            path.unlink()
            path.symlink_to(mine)
            self.refuse_reading(path, f"{LINK}, is in its place", "query", f"FROM {table}")
        self.assertEqual([f for f in self.faults("--fast") if f[0] == "altered"],
                         [("altered", "silver", self.object("silver").name, LINK),
                          ("altered", "raw", raw.name, LINK)])
        self.lake.write("tables/silver/sales.sql",
                        "SELECT day, shop, amount + 1 AS amount FROM raw.sales\n")
        document = self.lake.run(NOW + 2, expect=1)
        self.assertEqual({f["partition"] for f in document["failed"]}, {DAY, "day=2024-05-02"})
        self.assertIn("a symbolic link", document["failed"][0]["error"]["message"])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "12")

    @local_only("objects have no modes")
    def test_a_file_that_somebody_made_writable_is_found(self):
        gold = self.object("gold")
        self.lake.replace(gold, gold.read_bytes())
        opened = ("writable", "gold", gold.name, "somebody has made it so, and may have changed it")
        self.assertEqual(self.faults("--fast"), [opened])
        self.assertEqual(self.faults("--repair"), [opened])
        self.assertEqual(self.lake.json("fsck")["faults"], [], "its bytes were what they were")

    def test_a_changed_file_is_found_and_one_of_another_size_not_read(self):
        silver = self.object("silver")
        size = silver.stat().st_size
        self.lake.replace(silver, silver.read_bytes() + b"x")
        self.refuse_reading(silver, f"it has {size + 1} bytes instead of {size}", "query",
                            "FROM silver.sales")
        self.assertEqual({f[0] for f in self.faults("--repair")} - {"writable"}, {"altered"})
        self.assertEqual(self.lake.run(NOW + 2)["failed"], [])
        self.assertEqual(self.lake.json("fsck")["faults"], [])
        self.assertEqual(self.lake.value("SELECT sum(amount) FROM silver.sales"), "12")

    @local_only("there are no links")
    def test_nothing_is_removed_or_written_through_a_linked_folder(self):
        outside = self.lake.dir / "outside"
        top = self.lake.store / "silver" / ".weir" / "objects" / "silver.sales"
        shutil.move(top, outside)
        top.symlink_to(outside)
        hive = self.lake.store / "gold" / "total" / DAY
        shutil.move(hive, self.lake.dir / "shown")
        hive.symlink_to(self.lake.dir / "shown")
        before = sorted((str(p), p.lstat().st_ino) for where in ("outside", "shown")
                        for p in (self.lake.dir / where).rglob("*"))
        hint = "Put the files themselves into the store instead of the link."
        error = self.lake.weir("gc", "-o", "json", expect=1).error
        self.assertRegex(error["message"], f'^"{top}/.*" is or leads through a symbolic link$')
        self.assertEqual(error["hint"], hint)
        links = [f for f in self.faults("--fast") if f[0] == "extra"]
        self.assertEqual(links, [("extra", "silver", "silver.sales", LINK),
                                 ("extra", "gold", DAY, LINK)])
        self.lake.deliver("sales/b.csv", rows("2024-05-01,B,1"))
        self.lake.weir("run", expect=1)
        self.assertEqual(sorted((str(p), p.lstat().st_ino) for where in ("outside", "shown")
                                for p in (self.lake.dir / where).rglob("*")), before)


if __name__ == "__main__":
    import unittest
    unittest.main()
