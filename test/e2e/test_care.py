"""Care: looking back, undoing, keeping, checking and cleaning what the lake has."""
import os
import shutil
import subprocess
import unittest

import places
from harness import (LAKE_YAML, NOW, LakeTest, clean_environment, local_only, oracle,
                     weir_path)
from sales import rows, sales

DAY = "day=2024-05-01"
OTHER = "day=2024-05-02"


def first_delivery(lake):
    lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
    return lake.run(NOW)["run"]


def correction(lake):
    lake.deliver("sales/a.csv", rows("2024-05-01,A,10", "2024-05-02,A,2"))
    return lake.run(NOW + 1)["run"]


def refusal_and_correction(lake):
    first = first_delivery(lake)
    lake.deliver("sales/bad.csv", rows("2024-05-01,A,minus"))
    correction(lake)
    return first


def two_corrections(lake):
    first = first_delivery(lake)
    for moment, amount, shop in ((1, 1, "B,5"), (2, 3, "C,7")):
        lake.deliver("sales/a.csv", rows(f"2024-05-01,A,{amount}", "2024-05-01,B,5",
                                         f"2024-05-01,{shop}", "2024-05-02,A,2"))
        lake.run(NOW + moment)
    return first


class CareTest(LakeTest):
    """A lake with a first delivery, and a correction of one day."""

    files = sales()
    prepare = staticmethod(first_delivery)

    def setUp(self):
        super().setUp()
        self.first = self.begin_with(self.prepare)

    def correct(self):
        return correction(self.lake)

    def total(self, *args, day="2024-05-01"):
        told = self.lake.weir("query", *args, "-o", "csv",
                              f"SELECT total FROM gold.total WHERE day = '{day}'").out
        return told.split()[1:]

    def history(self, table="gold.total", partition=DAY):
        return self.lake.json("history", table, partition)["versions"]


class HistoryTest(CareTest):
    def test_lists_the_current_version_first_and_each_once(self):
        run = self.correct()
        versions = self.history()
        self.assertEqual([v["state"] for v in versions], ["current", "retired"])
        self.assertEqual([v["run"] for v in versions], [run, self.first])
        self.assertEqual([v["rows"] for v in versions], [1, 1])
        self.assertNotEqual(versions[0]["digest"], versions[1]["digest"])
        self.assertTrue(all(v["code"] and v["committed"] for v in versions))
        self.assertEqual(len(self.history(partition=OTHER)), 1)

    def test_content_that_comes_back_is_the_same_version(self):
        self.correct()
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        self.lake.run(NOW + 2)
        versions = self.history()
        self.assertEqual([v["run"] for v in versions][0], self.first)
        self.assertEqual([v["state"] for v in versions], ["current", "retired"])

    def test_what_never_was_is_refused_with_the_nearest_name(self):
        for words in (["gold.total", "day=2024-05-03"], ["gold.total"], ["raw.sales", DAY],
                      ["gold.totl", DAY]):
            with self.subTest(words):
                self.assert_error(self.lake.weir("history", *words, "-o", "json", expect=2))


class UndoTest(CareTest):
    def undo(self, run, *args, **options):
        return self.lake.json("undo", run, *args, **options)

    def held(self):
        """{table: partitions held} and the list."""
        status = self.lake.json("status")
        counts = {t["table"]: t["held"] for t in status["tables"] if t["held"]}
        return counts, [(h["table"], h["partition"]) for h in status["held"]]

    def test_brings_back_all_tables_of_the_run_in_one_commit_and_stays(self):
        run = self.correct()
        self.assertEqual(self.total(), ["10"])
        told = self.undo(run, "--reason", "wrong")
        self.assertEqual([(u["table"], u["partition"]) for u in told["undone"]],
                         [("gold.total", DAY), ("silver.sales", DAY)])
        self.assertEqual(told["undone"][0]["deliveries"], ["sales/a.csv"])
        self.assertEqual(told["skipped"], [])
        for _ in range(2):
            self.assertEqual(self.total(), ["1"])
            self.assertEqual(self.lake.value("SELECT sum(amount) FROM silver.sales"), "3")
            self.assertEqual(self.held()[0], {"silver.sales": 1, "gold.total": 1})
            self.assertEqual([v["run"] for v in self.history()], [self.first, run])
            self.assertEqual(self.lake.run(NOW + 2)["partitions"]["built"], 0)
        self.assertIsNone(self.lake.run(NOW + 2)["run"], "a run with only holds has no work")

    def test_what_plain_readers_find_follows(self):
        run = self.correct()
        self.undo(run)
        total = f"SELECT total FROM {self.lake.hive('gold.total', DAY)}"
        self.assertEqual(oracle(total), [("1",)])

    def test_release_takes_again_what_was_undone_without_building(self):
        run = self.correct()
        self.undo(run)
        released = self.lake.json("release", "gold.*", "silver.*")["released"]
        self.assertEqual(len(released), 2)
        self.assertEqual(self.total(), ["1"], "only a run changes what is current")
        document = self.lake.run(NOW + 2)
        partitions = document["partitions"]
        self.assertEqual((partitions["built"], partitions["reused"]), (0, 2))
        self.assertEqual(self.total(), ["10"])
        self.assertEqual(self.held(), ({}, []))

    def test_one_partition_can_be_released(self):
        run = self.correct()
        self.undo(run)
        self.lake.weir("release", "silver.sales", DAY)
        self.lake.run(NOW + 2)
        self.assertEqual(self.held()[0], {"gold.total": 1})
        self.assertEqual(self.lake.value("SELECT sum(amount) FROM silver.sales"), "12")
        self.assertEqual(self.total(), ["1"])

    def test_a_hold_ends_when_an_input_is_superseded(self):
        self.undo(self.correct())
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,20", "2024-05-02,A,2"))
        self.lake.run(NOW + 2)
        self.assertEqual(self.total(), ["20"])
        self.assertEqual(self.held(), ({}, []))

    def test_a_hold_survives_a_new_delivery_and_other_partitions_go_on(self):
        self.undo(self.correct())
        self.lake.deliver("sales/b.csv", rows("2024-05-01,B,5", "2024-05-02,B,5"))
        self.lake.run(NOW + 2)
        self.assertEqual(self.total(), ["1"])
        self.assertEqual(self.total(day="2024-05-02"), ["7"])
        self.lake.weir("release", "silver.sales", "gold.total")
        self.lake.run(NOW + 3)
        self.assertEqual(self.total(), ["15"])

    def test_a_hold_ends_when_the_code_changes(self):
        self.undo(self.correct())
        self.lake.write("tables/gold/total.sql", "SELECT day, cast(2 * sum(amount) AS bigint) AS "
                                                 "total FROM silver.sales GROUP BY day\n")
        self.lake.run(NOW + 2)
        self.assertEqual(self.held()[0], {"silver.sales": 1})
        self.assertEqual(self.total(), ["2"])

    def test_what_was_replaced_since_is_left_and_named_with_its_deliveries(self):
        run = self.correct()
        self.lake.deliver("sales/b.csv", rows("2024-05-01,B,5"))
        self.lake.run(NOW + 2)
        told = self.undo(run)
        self.assertEqual(told["undone"], [])
        self.assertEqual({(s["table"], s["reason"], *s["deliveries"]) for s in told["skipped"]},
                         {("silver.sales", "replaced since", "sales/b.csv"),
                          ("gold.total", "replaced since", "sales/b.csv")})
        self.assertEqual(self.total(), ["15"])

    def test_undoing_the_first_run_empties_and_stays_so(self):
        self.undo(self.first)
        self.assertEqual(self.lake.partitions("gold.total"), [])
        self.assertEqual(self.lake.value("SELECT count(*) FROM silver.sales"), "0")
        self.lake.run(NOW + 1)
        self.assertEqual(self.lake.value("SELECT count(*) FROM silver.sales"), "0")
        self.lake.weir("release", "silver.*", "gold.*")
        self.lake.run(NOW + 2)
        self.assertEqual(self.total(), ["1"])

    def test_an_undo_can_be_undone(self):
        undo = self.undo(self.correct())["run"]
        self.undo(undo)
        self.assertEqual(self.total(), ["10"])
        self.lake.run(NOW + 2)
        self.assertEqual(self.total(), ["10"])

    def test_a_dry_run_tells_and_does_nothing(self):
        run = self.correct()
        before = self.lake.state()
        self.assertEqual(len(self.undo(run, "--dry-run")["undone"]), 2)
        self.assertEqual(self.lake.state(), before)
        self.assertEqual(self.total(), ["10"])

    def test_an_unknown_run_is_refused(self):
        self.assert_error(self.lake.weir("undo", "nonsense", "-o", "json", expect=2), "weir log")


class GcTest(CareTest):
    def keep(self, text):
        self.lake.write("lake.yaml", LAKE_YAML + f"retention: {{{text}}}\n")

    def objects(self):
        return {p for p in self.lake.store.rglob("*")
                if p.is_file() and "objects" in p.parts and ".weir" in p.parts}

    def gc(self, *args, **options):
        return self.lake.json("gc", *args, **options)

    def test_what_was_replaced_stays_as_long_as_retention_says(self):
        self.correct()
        told = self.gc()
        self.assertEqual((told["files"], told["removed"]), (0, []))
        self.assertEqual({k["kept_by"] for k in told["kept"]}, {"retention: for"})
        self.assertRegex(told["kept"][0]["needed_by"], r"^until 20\d\d-\d\d-\d\dT[\d:]+Z$")
        self.keep("for: 0s, keep: 1")
        self.assertEqual({k["kept_by"] for k in self.gc()["kept"]}, {"retention: keep"})
        self.keep("for: 0s, keep: 0")
        before = self.objects()
        dry = self.gc("--dry-run")
        self.assertEqual((dry["files"], self.objects()), (2, before))
        told = self.gc()
        self.assertEqual(told["files"], 2)
        self.assertEqual(told["bytes"], dry["bytes"])
        self.assertEqual(len(before - self.objects()), 2)
        self.assertEqual(self.total(), ["10"])
        self.assertEqual(self.gc()["files"], 0)
        self.assertEqual([v["collected"] for v in self.history()], [False, True])

    def test_what_was_collected_is_built_again_when_it_is_wanted(self):
        self.keep("for: 0s, keep: 0")
        self.correct()
        self.gc()
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        document = self.lake.run(NOW + 2)["partitions"]
        self.assertEqual(document["built"], 2)
        self.assertEqual(self.total(), ["1"])

    def test_an_undo_of_what_was_collected_is_refused_and_a_hold_keeps_the_undone(self):
        self.keep("for: 0s, keep: 0")
        run = self.correct()
        self.lake.json("undo", run)
        self.assertEqual({(k["kept_by"], k["needed_by"]) for k in self.gc()["kept"]},
                         {("undone and held", f"undo of {run}")})
        self.lake.weir("release", "silver.*", "gold.*")
        self.lake.run(NOW + 2)
        self.assertEqual(self.total(), ["10"])
        self.gc()
        told = self.lake.json("undo", self.lake.json("log")["runs"][1]["run"])
        self.assertEqual(told["undone"], [])

    def test_what_a_query_still_reads_stays_until_it_ends(self):
        self.keep("for: 0s, keep: 0")
        many = "SELECT t.*, r.range FROM gold.total AS t, range(500000) AS r"
        with subprocess.Popen([weir_path(), "query", "-o", "csv", many], cwd=self.lake.dir,
                              env=clean_environment(**self.lake.environment),
                          stdout=subprocess.PIPE) as reader:
            self.assertTrue(reader.stdout.readline(), "it waits for us to read on")
            self.correct()
            kept = self.gc()["kept"]
            self.assertEqual({(k["table"], k["kept_by"], k["needed_by"]) for k in kept},
                             {(t, "a query reads it", f"process {reader.pid}")
                              for t in ("silver.sales", "gold.total")})
            reader.kill()
        self.assertEqual(self.gc()["files"], 2, "the dead read nothing")

    def test_raw_history_and_quarantine_stay(self):
        self.keep("for: 0s, keep: 0")
        self.correct()
        self.lake.deliver("sales/bad.csv", rows("2024-05-01,A,minus"))
        self.lake.run(NOW + 2)
        raw = self.lake.raw_files("raw.sales")
        self.assertEqual(len(raw), 2)
        self.gc()
        self.assertEqual(self.lake.raw_files("raw.sales"), raw)
        self.assertEqual(len(self.lake.quarantine("raw.sales")), 1)

    def test_unknown_objects_are_told_and_stay_unless_old_and_of_a_run_that_is_over(self):
        top = self.lake.store / "silver" / ".weir" / "objects" / "silver.sales"
        young, old, foreign = (top / run / "9" / "x.parquet" for run in
                               (self.first, self.first, "01aaaaaaaaaaaaaaaaaaaaaaaa"))
        old = old.with_name("old.parquet")
        for path in (young, old, foreign):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        for path in (old, foreign):
            os.utime(path, (NOW, NOW))
        told = self.gc()
        self.assertEqual([r["object"].rsplit("/", 1)[1] for r in told["removed"]], ["old.parquet"])
        self.assertEqual(sorted(u["kept_by"] for u in told["unknown"]),
                         ["its run is not known: see `weir ledger rebuild`", "younger than a day"])
        self.assertEqual([p.exists() for p in (young, old, foreign)], [True, False, True])

    def test_what_dead_runs_left_in_the_workshops_goes(self):
        for name in ("project/silver.sales", "landing"):
            left = self.lake.store / "silver" / ".weir" / name / "x"
            left.parent.mkdir(parents=True, exist_ok=True)
            left.write_bytes(b"x")
        self.gc()
        self.assertFalse((self.lake.store / "silver" / ".weir" / "landing" / "x").exists())
        self.assertFalse((self.lake.store / "silver" / ".weir" / "project" / "silver.sales" /
                          "x").exists())

    def test_a_ledger_that_knows_nothing_removes_nothing(self):
        before = self.objects()
        places.empty_ledger(self.lake.dir, but=("lake", "tbl", "generation", "code", "edge",
                                                "weir_schema"))
        result = self.lake.weir("gc", "-o", "json", expect=2)
        self.assert_error(result, "weir ledger rebuild")
        self.assertEqual(self.objects(), before)


class AsOfTest(CareTest):
    """Moments are asked for by commit, run and time; sources and derived tables alike."""

    def seq(self):
        return self.lake.value("SELECT max(seq) FROM weir.run_log")

    def amounts(self, moment):
        told = self.lake.weir("query", "--as-of", moment, "-o", "csv",
                              "SELECT sum(amount) FROM raw.sales").out
        return told.split()[1]

    def test_every_kind_of_table_as_of_a_commit_and_a_run(self):
        seq = self.seq()
        self.correct()
        for moment in (seq, self.first):
            self.assertEqual(self.total("--as-of", moment), ["1"])
            self.assertEqual(self.amounts(moment), "3")
        self.assertEqual(self.total("--as-of", self.seq()), ["10"])
        self.assertEqual(self.amounts(self.seq()), "12")
        self.assertEqual(self.total("--as-of", "0"), [])

    def test_a_time_means_the_newest_commit_before_it(self):
        committed = self.history()[0]["committed"]
        self.correct()
        self.assertEqual(self.total("--as-of", committed), ["1"])
        self.assertEqual(self.total("--as-of", "2000-01-01"), [])
        self.assertEqual(self.total("--as-of", "2100-01-01"), ["10"])

    def test_columns_are_those_of_then(self):
        seq = self.seq()
        self.lake.write("tables/gold/total.sql", "SELECT day, cast(sum(amount) AS varchar) AS sum "
                                                 "FROM silver.sales GROUP BY day\n")
        self.lake.run(NOW + 1)
        self.assertEqual(self.total("--as-of", seq), ["1"])
        total = self.lake.value("SELECT sum FROM gold.total WHERE day = '2024-05-01'")
        self.assertEqual(total, "1")

    def test_undone_states_are_in_the_past_too(self):
        run = self.correct()
        self.lake.weir("undo", run)
        self.assertEqual(self.total("--as-of", run), ["10"])
        self.assertEqual(self.total(), ["1"])

    def test_what_gc_removed_is_refused_by_name(self):
        seq = self.seq()
        self.lake.write("lake.yaml", LAKE_YAML + "retention: {for: 0s, keep: 0}\n")
        self.correct()
        self.lake.weir("gc")
        result = self.lake.weir("query", "--as-of", seq, "-o", "json", "FROM gold.total", expect=2)
        self.assert_error(result, DAY, "retention")
        self.assertEqual(self.total(), ["10"])
        self.assertEqual(self.amounts(seq), "3")

    def test_nonsense_and_the_ledgers_own_views_are_refused(self):
        for moment in ("99999", "-1", "yesterday"):
            with self.subTest(moment):
                result = self.lake.weir("query", f"--as-of={moment}", "-o", "json",
                                        "FROM gold.total", expect=2)
                self.assert_error(result)
        result = self.lake.weir("query", "--as-of", "1", "-o", "json", "FROM weir.delivery",
                                expect=2)
        self.assert_error(result, "weir.delivery")


class FsckTest(CareTest):
    prepare = staticmethod(refusal_and_correction)

    def fsck(self, *args, faults=None):
        """The kinds of faults, with the ends of names."""
        document = self.lake.json("fsck", *args, expect=1 if faults else 0)
        return [(f["kind"], f["layer"]) for f in document["faults"]]

    def check(self, *args, faults):
        self.assertEqual(sorted(set(self.fsck(*args, faults=faults))), sorted(faults))

    def first_file(self, *parts, pattern="*.parquet"):
        return sorted(self.lake.store.joinpath(*parts).rglob(pattern))[0]

    def projected(self, *parts):
        """What is there for plain readers: links, or manifests."""
        return [p for p in self.lake.store.joinpath(*parts).rglob("*") if p.is_file()]

    def rewrite(self, path, change):
        """Behind Weir's back, keeping the inode and leaving no trace in the mode."""
        body = change(path.read_bytes())
        path.chmod(0o644)
        path.write_bytes(body)
        path.chmod(0o444)

    def flip(self, path):
        self.rewrite(path, lambda body: body[:20] + bytes([body[20] ^ 1]) + body[21:])

    def test_a_sound_lake_has_no_faults(self):
        self.check(faults=[])
        self.check("--fast", faults=[])

    def test_raw_history_that_is_missing_altered_or_added(self):
        raw = self.first_file("raw", "sales", pattern="*.csv")
        self.flip(raw)
        self.check("--fast", faults=[])
        self.check(faults=[("altered", "raw")])
        self.rewrite(raw, lambda body: body + b"x")
        self.check("--fast", faults=[("altered", "raw")])
        raw.unlink()
        raw.with_name("other.csv").write_bytes(b"x")
        self.check("--fast", faults=[("missing", "raw"), ("extra", "raw")])

    def test_quarantine_is_checked_too(self):
        refused = self.first_file(".weir", "quarantine", pattern="*.csv")
        refused.unlink()
        self.check("--fast", faults=[("missing", "quarantine")])

    @local_only("there are no links")
    def test_an_object_replaced_by_a_link_is_told_and_not_followed(self):
        raw = self.first_file("raw", "sales", pattern="*.csv")
        raw.rename(self.lake.dir / "elsewhere.csv")
        raw.symlink_to(self.lake.dir / "elsewhere.csv")
        kinds = self.fsck("--fast", faults=True)
        self.assertIn(("altered", "raw"), kinds)

    def test_a_lost_file_of_a_table_is_built_again(self):
        before = self.lake.digests()
        self.first_file("silver", ".weir", "objects").unlink()
        for path in self.projected("silver", "sales"):
            path.unlink()
        found = self.fsck("--fast", "--repair", faults=True)
        self.assertIn(("missing", "silver"), found)
        self.assertIn(("directory", "silver"), found)
        self.lake.run(NOW + 2)
        self.check(faults=[])
        self.assertEqual([d[1:] for d in self.lake.digests()], [d[1:] for d in before])
        self.assertEqual(self.lake.value("SELECT sum(amount) FROM silver.sales"), "12")

    def test_altered_rows_are_found_by_digest_and_built_again(self):
        files = sorted((self.lake.store / "gold" / ".weir" / "objects").rglob("*.parquet"))
        good, other = files[0], files[-1]
        self.assertEqual(good.stat().st_size, other.stat().st_size)
        self.rewrite(good, lambda _: other.read_bytes())
        self.check("--fast", faults=[])
        self.check("--repair", faults=[("altered", "gold")])
        self.lake.run(NOW + 2)
        self.check(faults=[])

    @local_only("there are no links")
    def test_a_copy_in_a_directory_is_not_the_tables_file(self):
        (file,) = self.projected("gold", "total", DAY)
        body = file.read_bytes()
        file.unlink()
        file.write_bytes(body)
        self.check("--fast", faults=[("directory", "gold")])

    def test_what_plain_readers_find_is_made_again(self):
        file = self.projected("gold", "total")[0]
        file.unlink()
        file.with_name("more.parquet").write_bytes(b"x")
        self.check("--fast", "--repair", faults=[("directory", "gold"), ("extra", "gold")])
        self.check(faults=[])


class DiffTest(CareTest):
    prepare = staticmethod(two_corrections)

    def diff(self, *args, table="silver.sales"):
        return self.lake.json("diff", table, DAY, *args)

    def counts(self, told):
        return [told[k] for k in ("added", "removed", "changed")]

    def test_whole_rows_with_their_multiplicity(self):
        told = self.diff()
        self.assertEqual(self.counts(told), [2, 2, 0])
        self.assertEqual([(r["change"], r["shop"], r["amount"]) for r in told["rows"]],
                         [("removed", "A", "1"), ("removed", "B", "5"),
                          ("added", "A", "3"), ("added", "C", "7")])

    def test_rows_by_key(self):
        versions = [v["version"] for v in self.history("silver.sales")]
        told = self.diff(versions[2], versions[0], "--key", "shop")
        self.assertEqual(self.counts(told), [2, 0, 1])
        self.assertEqual([(r["change"], r["amount"]) for r in told["rows"] if "changed" in
                          r["change"]], [("changed from", "1"), ("changed to", "3")])

    def test_samples_are_limited_and_counts_are_not(self):
        told = self.diff("--limit", 1)
        self.assertEqual((self.counts(told), len(told["rows"])), ([2, 2, 0], 2))

    def test_what_cannot_be_compared_is_refused(self):
        for words in ([DAY, "--key", "shop"], [OTHER], [DAY, "1"], [DAY, "1", "99"],
                      [DAY, "--key", "nothing"]):
            with self.subTest(words):
                result = self.lake.weir("diff", "silver.sales", *words, "-o", "json", expect=2)
                self.assertTrue(result.error["message"])


class DoctorTest(CareTest):
    def test_a_sound_lake_and_its_troubles(self):
        told = self.lake.json("doctor")
        self.assertTrue(told["ok"], told)
        before = self.lake.state()
        self.lake.weir("doctor")
        self.assertEqual(self.lake.state(), before)
        self.lake.land.rename(self.lake.dir / "elsewhere")
        if places.on_postgres():
            self.lake.change_ledger("DROP TABLE lake CASCADE")
        else:
            (self.lake.dir / ".weir" / "ledger.db").write_bytes(b"nonsense" * 1000)
        told = self.lake.json("doctor", expect=1)
        self.assertEqual({c["check"] for c in told["checks"] if c["state"] == "problem"},
                         {"ledger", "land"})

    def checks(self, lake, expect=0, **options):
        told = lake.json("doctor", expect=expect, **options)
        return {c["check"]: (c["state"], c["detail"], c["hint"]) for c in told["checks"]}

    def test_a_lake_that_is_not_made_yet_stays_so(self):
        fresh = self.new_lake(sales())
        seen = self.checks(fresh)
        self.assertEqual({state for state, *_ in seen.values()}, {"ok"})
        self.assertIn("not made yet", seen["ledger"][1])
        if fresh.prefix is None:
            self.assertIn("not made yet", seen["store gold"][1])
        self.assertFalse(fresh.store.exists())

    def test_a_worker_that_does_not_run_is_a_finding(self):
        for worker, detail in (("/nonexistent", 'no worker program "/nonexistent"'),
                               ("/bin/false", "the worker ended with exit code 1")):
            seen = self.checks(self.lake, expect=1, env={"WEIR_WORKER": worker})
            self.assertEqual(seen.keys(), {"worker"})
            self.assertEqual(seen["worker"][:2], ("problem", detail))
            self.assertIn("WEIR_WORKER", seen["worker"][2])

    def test_a_ledger_that_does_not_fit_its_journal(self):
        copy = self.lake.dir / "copy.db"
        self.lake.weir("ledger", "backup", copy)
        newest = sorted((self.lake.store / ".weir" / "journal").iterdir())[-1]
        kept = newest.read_bytes()
        newest.unlink()
        self.assertEqual(self.checks(self.lake, expect=1)["ledger"][0], "problem")
        newest.write_bytes(kept)
        self.correct()
        self.lake.put_back_ledger(copy)
        state, detail, _ = self.checks(self.lake)["ledger"]
        self.assertEqual(state, "ok")
        self.assertIn("the next run brings it forward", detail)

    def test_a_store_that_cannot_be_written(self):
        store = self.lake.store / "silver"
        shutil.rmtree(store)
        store.write_text("a file where a folder should be")
        told = self.lake.json("doctor", expect=1)
        self.assertEqual([c["check"] for c in told["checks"] if c["state"] == "problem"],
                         ["store silver"])


if __name__ == "__main__":
    unittest.main()
