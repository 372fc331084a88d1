"""Losing the ledger, moving it, and putting back an older one: the store's journal has it all."""
import json
import shutil
import signal
import sqlite3
import subprocess

from harness import NOW, LakeTest, clean_environment, definition, sql_text, weir_path
from places import needs_ledger_file

FILES = definition(
    raw__sales="columns: {day: date, shop: string, amount: int64}\n",
    raw__shops="contents: full\ncolumns: {shop: string, city: string}\n",
    silver__sales="partition_by: [day]\n",
    silver__sales_sql="SELECT day, shop, sum(amount) AS amount FROM raw.sales GROUP BY day, shop\n",
    gold__cities_sql="SELECT city, sum(amount) AS amount FROM silver.sales JOIN raw.shops "
                     "USING (shop) GROUP BY city\n")


def sales(*rows):
    return "day,shop,amount\n" + "".join(f"2024-05-{d:02},{s},{a}\n" for d, s, a in rows)


def history(lake):
    """Some of it: deliveries, a correction, a refused file, a change of code."""
    lake.deliver("shops/shops.csv", "shop,city\na,Roma\nb,Torino\n")
    lake.deliver("sales/1.csv", sales((1, "a", 1), (2, "b", 2)))
    lake.run(NOW)
    lake.deliver("sales/2.csv", sales((2, "a", 3), (3, "b", 4)))
    lake.deliver("sales/bad.csv", "day,shop,amount\nnever,a,1\n")
    lake.run(NOW + 60)
    lake.deliver("sales/1.csv", sales((1, "a", 10), (2, "b", 2)))
    lake.run(NOW + 120)
    lake.write("tables/gold/cities.sql",
               "SELECT city, sum(amount) AS total FROM silver.sales JOIN raw.shops "
               "USING (shop) GROUP BY city\n")
    lake.run(NOW + 180)


class LedgerTest(LakeTest):
    files = FILES

    def setUp(self):
        super().setUp()
        self.ledger = self.lake.dir / ".weir" / "ledger.db"

    @property
    def journal(self):
        return self.lake.store / ".weir" / "journal"

    def live(self):
        self.begin_with(history)

    def remove_ledger(self):
        self.lake.lose_ledger()

    def rows(self):
        return self.lake.ledger_rows()

    def what_counts(self):
        return (self.lake.digests(),
                self.lake.deliveries("delivery, file, state, sha256, land_time"),
                self.lake.query("SELECT * FROM weir.lineage ORDER BY ALL"),
                self.lake.query("SELECT * FROM weir.version ORDER BY ALL"),
                self.lake.query("SELECT city, total FROM gold.cities ORDER BY ALL"))

    def assert_nothing_is_built(self, document):
        self.assertEqual(document["partitions"]["built"], 0, document)
        self.assertEqual(document["partitions"]["reused"], 0, document)
        self.assertEqual(document["failed"], [], document)

    def refuse_rebuild(self, *words, expect=1):
        result = self.lake.weir("ledger", "rebuild", "-o", "json", expect=expect)
        self.assert_error(result, *words)
        self.assertFalse(self.lake.has_ledger())

    def test_a_lost_ledger_is_made_anew_from_the_store(self):
        self.live()
        before, rows = self.what_counts(), self.rows()
        files = self.lake.raw_files("raw.sales")
        self.remove_ledger()
        result = self.lake.weir("status", "-o", "json", expect=2)
        self.assertIn("weir ledger rebuild", self.assert_error(result)["hint"])
        told = self.lake.json("ledger", "rebuild")
        self.assertEqual(told["commits"], len(list(self.journal.iterdir())))
        self.assertEqual(self.rows(), rows)
        self.assertEqual(self.what_counts(), before)
        self.assert_nothing_is_built(self.lake.run(NOW + 240))
        self.assertEqual(self.what_counts(), before)
        self.assertEqual(self.lake.raw_files("raw.sales"), files)
        self.assertEqual(self.lake.json("plan")["steps"], [])
        seen = self.lake.state()
        self.lake.weir("run")
        self.assertEqual(self.lake.state(), seen)

    def test_all_that_was_decided_comes_back_table_by_table(self):
        """Withdrawn, failed, undone and held, released, collected: all rows are equal."""
        self.live()
        self.lake.write("lake.yaml", "lake: test\nlayers: [raw, silver, gold]\n"
                                     "retention: {for: 0s, keep: 0}\n")
        self.lake.write("tables/gold/broken.sql",
                        "SELECT cast(shop AS bigint) AS n FROM silver.sales\n")
        self.lake.weir("withdraw", "sales/2.csv", "--reason", "wrong")
        self.lake.run(NOW + 240, expect=1)
        self.lake.deliver("sales/3.csv", sales((7, "a", 5)))
        undone = self.lake.run(NOW + 300, expect=1)["run"]
        self.lake.weir("undo", undone, "--reason", "too early")
        self.lake.weir("release", "gold.cities")
        self.lake.weir("gc")
        before, rows = self.what_counts(), self.rows()
        for table in ("delivery", "delivery_event", "version", "lineage", "failure", "hold",
                      "current", "moment", "event", "run", "step"):
            self.assertGreater(len(rows[table]), 1, f"{table} has no rows to compare")
        states = {row[rows["version"][0].index("state")] for row in rows["version"][1:]}
        self.assertEqual(states, {"kept", "gone"})
        self.remove_ledger()
        self.lake.weir("ledger", "rebuild")
        self.assertEqual(self.rows(), rows)
        self.assertEqual(self.what_counts(), before)
        document = self.lake.run(NOW + 360, expect=1)
        self.assertEqual(document["partitions"]["built"], 0, document)
        self.assertEqual([h["table"] for h in self.lake.json("status")["held"]], ["silver.sales"])

    def test_a_rebuilt_ledger_needs_no_worker_that_reads_data(self):
        self.live()
        self.remove_ledger()
        self.lake.weir("ledger", "rebuild")
        for path in self.lake.store.rglob("*.parquet"):
            path.chmod(0o644)
            path.write_bytes(b"unreadable")
        for path in (self.lake.store / "raw").rglob("*.csv"):
            path.chmod(0o644)
            path.write_bytes(b"unreadable")
        self.assert_nothing_is_built(self.lake.run(NOW + 240))

    def test_work_goes_on_after_a_rebuild(self):
        self.live()
        self.remove_ledger()
        self.lake.weir("ledger", "rebuild")
        self.lake.deliver("sales/2.csv", sales((2, "a", 30), (3, "b", 4)))
        document = self.lake.run(NOW + 240)
        self.assertEqual(document["partitions"]["built"], 2, document)  # one day, and the cities
        self.assertEqual(self.lake.query("SELECT city, total FROM gold.cities ORDER BY ALL"),
                         [("Roma", "40"), ("Torino", "6")])

    def test_a_readable_ledger_is_only_replaced_when_asked(self):
        self.live()
        before = self.what_counts()
        result = self.lake.weir("ledger", "rebuild", "-o", "json", expect=1)
        self.assert_error(result, "--yes")
        self.lake.weir("ledger", "rebuild", "--yes")
        self.assertTrue(self.lake.has_ledger("weir_replaced"))
        self.assertEqual(self.what_counts(), before)

    @needs_ledger_file
    def test_a_ledger_cut_short_is_made_anew(self):
        self.live()
        before = self.what_counts()
        body = self.ledger.read_bytes()
        for size in (0, 100):
            self.remove_ledger()
            self.ledger.write_bytes(body[:size])
            self.assertIn("weir ledger rebuild", self.lake.call("run").err)
            self.lake.weir("ledger", "rebuild")
            self.assertEqual(self.what_counts(), before)

    def test_a_store_without_a_journal_makes_no_ledger(self):
        self.live()
        shutil.rmtree(self.journal)
        result = self.lake.weir("run", "-o", "json", expect=2)  # the ledger is ahead of it
        self.assert_error(result, "journal")
        self.remove_ledger()
        self.refuse_rebuild("no journal")

    def test_damaged_entries_are_named_and_make_no_ledger(self):
        self.live()
        entries = sorted(self.journal.iterdir())
        body = entries[1].read_bytes()
        self.remove_ledger()
        entries[1].chmod(0o644)
        for damaged in (body.replace(b"raw", b"rax", 1), body[:-20], b""):
            entries[1].write_bytes(damaged)
            self.refuse_rebuild(entries[1].name)
        entries[1].unlink()
        self.refuse_rebuild(entries[1].name, "missing")
        entries[1].symlink_to("/etc/passwd")
        self.refuse_rebuild(entries[1].name)
        entries[1].unlink()
        entries[1].write_bytes(body)
        self.lake.weir("ledger", "rebuild")

    def test_an_entry_of_another_lake_is_refused(self):
        self.live()
        other = self.new_lake(FILES)
        other.deliver("sales/1.csv", sales((1, "a", 1)))
        other.run(NOW)
        first = sorted(self.journal.iterdir())[0]
        self.lake.replace(first, (other.store / ".weir" / "journal" / first.name).read_bytes())
        self.remove_ledger()
        self.refuse_rebuild(first.name, "another lake", expect=2)

    def test_a_restored_older_ledger_is_brought_forward(self):
        self.live()
        copy = self.lake.dir / "copy.db"
        told = self.lake.json("ledger", "backup", copy)
        self.lake.deliver("sales/3.csv", sales((4, "a", 5)))
        self.lake.run(NOW + 240)
        before = self.what_counts()
        self.assertLess(told["seq"], len(list(self.journal.iterdir())))
        self.lake.put_back_ledger(copy)
        unchanged = self.lake.ledger_rows()
        looked = self.lake.weir("status", "-o", "json")  # looks at a copy, and says so
        self.assertIn("older than its store", looked.err)
        self.assertEqual(self.what_counts(), before)
        self.assertEqual(self.lake.ledger_rows(), unchanged)
        result = self.lake.weir("run", "-o", "json")
        self.assertIn("brought forward", result.err)
        self.assert_nothing_is_built(json.loads(result.out))
        self.assertEqual(self.what_counts(), before)
        self.assertNotIn("older", self.lake.weir("status").err)

    def test_a_backup_replaces_nothing_unasked(self):
        self.live()
        copy = self.lake.write("copy.db", "mine")
        result = self.lake.weir("ledger", "backup", copy, "-o", "json", expect=1)
        self.assert_error(result, "--yes")
        self.assertEqual(copy.read_text(encoding="utf-8"), "mine")
        self.lake.weir("ledger", "backup", "--yes", copy)
        self.assertTrue(copy.read_bytes().startswith(b"SQLite format 3"))

    @needs_ledger_file
    def test_a_ledger_is_not_backed_up_into_itself(self):
        self.live()
        result = self.lake.weir("ledger", "backup", "--yes", self.ledger, "-o", "json", expect=2)
        self.assert_error(result, "the ledger itself")

    def start_run(self):
        environment = clean_environment(**self.lake.environment)
        return subprocess.Popen([weir_path(), "run"], cwd=self.lake.dir, env=environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_a_backup_while_a_run_goes_on_is_of_one_commit(self):
        self.live()
        for i in range(40):
            self.lake.deliver(f"sales/more{i}.csv", sales((5 + i % 20, "a", i)))
        copies = []
        with self.start_run() as running:
            while running.poll() is None:
                copies.append(self.lake.dir / f"copy{len(copies)}.db")
                self.lake.weir("ledger", "backup", copies[-1])
        self.assertEqual(running.returncode, 0)
        self.assertTrue(copies)
        before = self.what_counts()
        self.lake.put_back_ledger(copies[0])
        self.assert_nothing_is_built(self.lake.run(NOW + 300))
        self.assertEqual(self.what_counts(), before)

    def test_a_run_that_was_killed_leaves_nothing_out_of_the_journal(self):
        self.live()
        for i in range(3):
            self.lake.deliver(f"sales/more{i}.csv", sales((5 + i, "a", i)))
        before = len(list(self.journal.iterdir()))
        with self.start_run() as running:
            while running.poll() is None and len(list(self.journal.iterdir())) == before:
                pass
            running.send_signal(signal.SIGKILL)
        self.lake.weir("run")
        kept = self.what_counts()
        copy = self.lake.dir / "copy.db"
        self.lake.weir("ledger", "backup", copy)
        with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM outbox").fetchall(), [(0,)])
        db.close()
        self.remove_ledger()
        self.lake.weir("ledger", "rebuild")
        self.assertEqual(self.what_counts(), kept)
        self.assert_nothing_is_built(self.lake.run(NOW + 300))

    def test_an_entry_left_in_the_outbox_is_exported_by_the_next_run(self):
        self.live()
        newest = sorted(self.journal.iterdir())[-1]
        entry = sql_text(newest.read_text(encoding="utf-8"))  # as if killed right before the export
        self.lake.change_ledger(f"INSERT INTO outbox VALUES ({int(newest.stem)}, {entry})")
        newest.unlink()
        self.lake.weir("status")
        self.assertFalse(newest.exists())
        self.lake.weir("run")
        self.assertTrue(newest.exists())
        seen = self.lake.state()
        self.lake.weir("run")
        self.assertEqual(self.lake.state(), seen)

    def test_a_wrong_form_is_refused_with_the_right_one(self):
        for arguments in (["rebuild", "x"], ["backup"], ["restore", "x"]):
            result = self.lake.weir("ledger", *arguments, "-o", "json", expect=2)
            self.assert_error(result, "backup FILE | copy FROM TO | rebuild")
