"""Building again what is not stale, in ranges, and going on after a kill."""
from harness import LAKE_YAML, NOW, LakeTest
from sales import BY_DAY, rows, sales

CRASHED = 86
DAY = 86400
FIRST = 1_714_521_600  # 2024-05-01
BODY = rows(*(f"2024-05-{day:02},A,{day}" for day in range(1, 11)))
FILES = sales(gold__all_sql="SELECT sum(total) AS total FROM gold.total\n")


def counts(document):
    """(built, reused, unchanged, emptied)"""
    told = document["partitions"]
    return tuple(told[name] for name in ("built", "reused", "unchanged", "emptied"))


def days(*numbers):
    return [f"day=2024-05-{n:02}" for n in numbers]


class TenDays(LakeTest):
    """A lake with ten days, built."""

    files = FILES

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", BODY)
        self.lake.run(FIRST + 10 * DAY)

    def rebuild(self, *args, now=None, **options):
        moment = [] if now is None else ["--now", now]
        return self.lake.json("rebuild", *args, *moment, **options)

    def marks(self):
        return self.lake.query('SELECT "table", "partition" FROM weir.mark ORDER BY ALL')

    def versions(self, table):
        return dict(self.lake.query('SELECT "partition", version FROM weir.partition '
                                    f"WHERE \"table\" = '{table}'"))

    def change(self, days_of, amount):
        """Other code that gives other rows on some days."""
        self.lake.write("tables/silver/sales.sql", "SELECT day, shop, amount + "
                        f"CASE WHEN day IN ({days_of}) THEN {amount} ELSE 0 END AS amount\n"
                        "FROM raw.sales\n")


class RebuildTest(TenDays):
    def test_equal_content_stops_at_the_table_and_the_run_is_recorded(self):
        before = self.lake.digests()
        document = self.rebuild("silver.sales", "--reason", "a new engine")
        self.assertEqual((document["forced"], counts(document)), (10, (0, 0, 10, 0)))
        self.assertEqual(self.lake.digests(), before)
        self.assertEqual(self.marks(), [])
        self.assertEqual(self.lake.query("SELECT what, ref, why FROM weir.event"),
                         [("rebuild", "silver.sales", "a new engine")])
        self.assertEqual(self.lake.json("log")["runs"][0]["verb"], "rebuild")

    def test_ranges_are_half_open_and_count_from_the_present(self):
        document = self.rebuild("silver.sales", "--from", "2024-05-02", "--to", "2024-05-04")
        self.assertEqual(document["forced"], 2)
        noon = FIRST + 9 * DAY + DAY // 2
        document = self.rebuild("silver.sales", "--from", "2d", "--to", "1d", now=noon)
        self.assertEqual(document["forced"], 1)

    def test_ranges_of_numbers_and_of_text_and_days_of_the_lakes_own_zone(self):
        self.lake.write("lake.yaml", LAKE_YAML + "timezone: Pacific/Auckland\n")
        self.lake.write("tables/gold/numbers.sql", "SELECT amount, count(*) AS n FROM silver.sales "
                                                   "GROUP BY amount\n")
        self.lake.write("tables/gold/numbers.yaml", "partition_by: [amount]\n")
        self.lake.write("tables/gold/months.sql",
                        "SELECT strftime(day, '%Y-%m') AS month, count(*) AS n FROM silver.sales "
                        "GROUP BY strftime(day, '%Y-%m')\n")
        self.lake.write("tables/gold/months.yaml", "partition_by: [month]\n")
        self.lake.run(FIRST + 10 * DAY)
        evening = FIRST + 8 * DAY + DAY // 4 * 3  # the 9th in London, the 10th in Auckland
        for table, args, forced in (
                ("gold.numbers", ("--from", "9", "--to", "100"), ["amount=10", "amount=9"]),
                ("gold.months", ("--from", "2024-05"), ["month=2024-05"]),
                ("gold.months", ("--to", "2024-05"), []),
                ("gold.total", ("--from", "1d", "--to", "0d", "--now", evening), days(9))):
            told = self.rebuild(table, "--only", "--dry-run", *args)
            planned = [p["partition"] for s in told["steps"] for p in s["partitions"]]
            self.assertEqual(planned, forced, (table, args))
        result = self.lake.call("rebuild", "gold.numbers", "--from", "2024-05-01")
        self.assertEqual(result.code, 2, result)
        self.assertIn("whole numbers", result.err)

    def test_what_fits_no_table_is_refused(self):
        for args, words in (
                (("gold.all", "--from", "7d"), ["partitioned"]),
                (("gold.total", "--from", "2024"), ["2024", "7d"]),
                (("gold.total", "--partition", "x"), ["event_date=2024-05-22"]),
                (("raw.sales",), ["deliveries"]),
                (("gold.total", "--resume"), ["--resume"])):
            with self.subTest(args=args):
                result = self.lake.call("rebuild", "-o", "json", *args)
                self.assertEqual(result.code, 2, result)
                for word in words:
                    self.assertIn(word, str(result))
        self.assertEqual(self.lake.json("rebuild", "gold.total", "--from", "2030-01-01")["forced"],
                         0)

    def test_a_dry_run_shows_the_set_and_forces_nothing(self):
        document = self.lake.json("rebuild", "--dry-run", "silver.sales", "--to", "2024-05-03",
                                  "--downstream")
        told = {s["table"]: [p["partition"] for p in s["partitions"]] for s in document["steps"]}
        self.assertEqual(told, {"silver.sales": days(1, 2), "gold.total": days(1, 2),
                                "gold.all": ["()"]})
        self.assertEqual({c["kind"] for s in document["steps"] for p in s["partitions"]
                          for c in p["causes"]}, {"forced", "upstream"})
        self.assertEqual(self.marks(), [])

    def test_downstream_builds_readers_of_equal_content(self):
        document = self.rebuild("silver.sales", "--to", "2024-05-03", "--downstream", "--exclude",
                                "gold.all")
        self.assertEqual((document["forced"], counts(document)), (4, (0, 0, 4, 0)))

    def test_changed_content_goes_on_to_readers_and_other_stale_partitions_stay(self):
        self.change("'2024-05-02', '2024-05-03'", 100)
        before = self.versions("silver.sales")
        document = self.rebuild("silver.sales", "--partition", "day=2024-05-02")
        self.assertEqual(counts(document), (2, 0, 0, 0))
        after = self.versions("silver.sales")
        self.assertEqual([p for p in after if after[p] != before[p]], days(2))
        self.assertEqual(self.lake.query("SELECT total FROM gold.total WHERE day = '2024-05-02'"),
                         [("102",)])
        self.assertEqual(self.lake.query("FROM gold.all"), [("55",)])  # waits for the others
        later = {(w["table"], w["partition"]) for w in document["later"]}
        self.assertEqual(later, {("silver.sales", d) for d in days(1, *range(3, 11))}
                         | {("gold.all", "()")})
        self.lake.run()
        self.assertEqual(self.lake.query("FROM gold.all"), [("255",)])
        self.assertEqual(self.marks(), [])

    def test_only_leaves_the_readers_stale(self):
        self.change("'2024-05-02'", 100)
        document = self.rebuild("silver.sales", "--only", "--partition", "day=2024-05-02")
        self.assertEqual(counts(document), (1, 0, 0, 0))
        self.assertIn(("gold.total", "day=2024-05-02"), self.marks())
        self.assertEqual(self.lake.query("FROM gold.all"), [("55",)])
        self.lake.run()
        self.assertEqual(self.lake.query("FROM gold.all"), [("155",)])

    def test_a_run_over_a_range_leaves_the_rest_and_never_mixes(self):
        self.change("'2024-05-02', '2024-05-09'", 100)
        planned = self.lake.json("plan", "--from", "2024-05-08")
        silver = planned["steps"][0]["partitions"]
        self.assertEqual([p["partition"] for p in silver], days(8, 9, 10))
        self.assertEqual(planned["later"], 8)
        document = self.lake.json("run", "--from", "2024-05-08")
        self.assertEqual(counts(document), (2, 0, 2, 0))
        self.assertEqual(self.lake.query("FROM gold.all"), [("55",)])
        self.assertEqual(len(document["later"]), 8)
        self.assertEqual(counts(self.lake.run()), (3, 0, 6, 0))
        self.assertEqual(self.lake.query("FROM gold.all"), [("255",)])


class KilledTest(TenDays):
    """A set that was stored is what is built, whoever goes on, and whenever."""

    def kill(self, *args, now, at="build.staged"):
        result = self.lake.call("rebuild", *args, "--now", now, env={"WEIR_CRASH_AT": at})
        self.assertEqual(result.code, CRASHED, result)

    def forced(self):
        return [p for _, p in self.lake.query(
            'SELECT "table", "partition" FROM weir.mark WHERE cause = \'forced\' ORDER BY ALL')]

    def test_the_same_command_goes_on_with_the_stored_set(self):
        self.kill("silver.sales", "--from", "3d", now=FIRST + 9 * DAY)
        self.assertEqual(self.forced(), days(7, 8, 9, 10))
        document = self.rebuild("silver.sales", "--from", "3d", now=FIRST + 12 * DAY)
        self.assertEqual((document["forced"], counts(document)), (0, (0, 4, 0, 0)))
        self.assertEqual(len(document["resumed"]), 1)
        document = self.rebuild("silver.sales", "--from", "3d", now=FIRST + 12 * DAY)
        self.assertEqual((document["forced"], document["resumed"]), (1, []))

    def test_resume_and_run_go_on_too(self):
        for verb in (("rebuild", "--resume"), ("run",)):
            with self.subTest(verb=verb):
                self.kill("silver.sales", "--to", "2024-05-03", now=FIRST, at="build.pending")
                self.assertEqual(self.forced(), days(1, 2))
                self.assertEqual(counts(self.lake.json(*verb)), (0, 0, 2, 0))
                self.assertEqual(self.marks(), [])
                self.assertEqual(self.lake.json("rebuild", "--resume")["forced"], 0)

    def test_only_is_kept_in_mind(self):
        self.change("'2024-05-01'", 100)
        self.kill("silver.sales", "--only", "--to", "2024-05-03", now=FIRST)
        self.assertEqual(counts(self.rebuild("--resume")), (0, 2, 0, 0))
        self.assertIn(("gold.total", "day=2024-05-01"), self.marks())


class BoundedTest(TenDays):
    """A backlog done in parts, and what is foretold of it."""

    def test_parts_are_foretold_done_and_told_and_end_as_one_run(self):
        self.change("'2024-05-02', '2024-05-09'", 100)
        part = ("--max-partitions", 4, "--newest-first")
        planned = self.lake.json("plan", *part)
        told = {s["table"]: [p["partition"] for p in s["partitions"]] for s in planned["steps"]}
        self.assertEqual(told, {"silver.sales": days(9, 10), "gold.total": days(9, 10)})
        self.assertEqual(planned["later"], 17)
        self.assertEqual(planned["forecast"]["unknown_partitions"], 0)
        self.assertGreater(planned["forecast"]["seconds"], 0)
        document = self.lake.json("run", *part)
        self.assertEqual(counts(document), (2, 0, 1, 0))
        self.assertEqual(len(document["later"]), 9)
        status = {t["table"]: t["stale"] for t in self.lake.json("status")["tables"]}
        self.assertEqual((status["silver.sales"], status["gold.all"]), (8, 1))
        self.assertEqual(self.lake.query("FROM gold.all"), [("55",)])
        self.assertIn("for a later run", self.lake.weir("run", "--max-bytes", "1KB").out)
        self.lake.run()
        self.assertEqual(self.lake.query("FROM gold.all"), [("255",)])
        planned = self.lake.json("plan")
        self.assertEqual((planned["steps"], planned["later"]), ([], 0))

    def test_how_far_forecasts_were_off_is_told(self):
        for amount in (1, 2):
            self.change("'2024-05-02'", amount)
            self.lake.run()
        self.change("'2024-05-02'", 3)
        forecast = self.lake.json("plan")["forecast"]
        self.assertGreaterEqual(forecast["earlier_forecasts"], 2)
        self.assertGreaterEqual(forecast["seconds_error"], 0)
        self.assertIn("was off by", self.lake.weir("plan").out)

    def test_what_is_no_bound_is_refused(self):
        for args in (("--max-partitions", "0"), ("--max-bytes", "much"), ("--max-time", "5"),
                     ("--newest-first", "--oldest-first")):
            with self.subTest(args=args):
                self.assertEqual(self.lake.call("run", *args).code, 2)


TEXT = "columns: {day: date, shop: string, amount: string}\n"


class FailureTest(LakeTest):
    files = sales(TEXT, silver__sales_sql="SELECT day, shop, cast(amount AS bigint) AS amount "
                                          "FROM raw.sales\n")

    def test_what_blocks_is_named_everywhere_and_heals(self):
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,bad"))
        document = self.lake.run(NOW, expect=1)
        self.assertEqual(document["blocked"], [{"table": "gold.total", "by":
                         "silver.sales day=2024-05-02", "partition": "day=2024-05-02"}])
        status = self.lake.json("status")
        self.assertEqual(status["blocked"], document["blocked"])
        self.assertEqual([(f["table"], f["partition"]) for f in status["failed"]],
                         [("silver.sales", "day=2024-05-02")])
        planned = self.lake.json("plan")
        told = {(s["table"], p["partition"]): p["blocked_by"] for s in planned["steps"]
                for p in s["partitions"]}
        self.assertEqual(told, {("silver.sales", "day=2024-05-02"): "silver.sales day=2024-05-02"})
        self.lake.weir("plan", "--detailed-exitcode")
        self.lake.weir("plan", "--detailed-exitcode", "--retry-failed", expect=10)
        self.assertIn("blocked  gold.total day=2024-05-02 waits for silver.sales day=2024-05-02",
                      self.lake.weir("status").out)
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        document = self.lake.run(NOW + 1)
        self.assertEqual((document["failed"], document["blocked"]), ([], []))
        status = self.lake.json("status")
        self.assertEqual((status["failed"], status["blocked"]), ([], []))

    def test_a_forced_failure_is_tried_once_and_then_only_when_asked(self):
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,bad"))
        self.lake.run(NOW, expect=1)
        log = self.lake.dir / "passages"

        def jobs(*args):
            log.unlink(missing_ok=True)
            result = self.lake.call(*args, "-o", "json", env={"WEIR_CRASH_LOG": str(log)})
            self.assertEqual(result.code, 1, result)
            return log.read_text().split().count("build.sent")

        self.assertGreater(jobs("rebuild", "silver.sales", "--partition", "day=2024-05-02"), 0)
        self.assertEqual(jobs("run"), 0)
        self.assertGreater(jobs("run", "--retry-failed"), 0)
        self.assertGreater(jobs("rebuild", "silver.sales"), 0)
