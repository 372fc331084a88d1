"""What is built, what is not, and what a failure leaves behind."""
import concurrent.futures
import gzip
import json
import unittest

from harness import NOW, LakeTest, oracle
from sales import BY_DAY, RAW, SILVER, rows, sales

TEXT = "columns: {day: date, shop: string, amount: string}\n"
TWO_DAYS = rows("2024-05-01,A,1", "2024-05-01,B,2", "2024-05-02,A,4")
BOTH = ["day=2024-05-01", "day=2024-05-02"]


def counts(document):
    """(built, reused, unchanged, emptied)"""
    told = document["partitions"]
    return tuple(told[name] for name in ("built", "reused", "unchanged", "emptied"))


def planned(document):
    return {step["table"]: [p["partition"] for p in step["partitions"]]
            for step in document["steps"]}


class DailyLake(LakeTest):
    """One lake that takes files, a second apart."""

    def setUp(self):
        super().setUp()
        self.now = NOW

    def take(self, name, body, lake=None, **options):
        """Deliver one file and run, a second after the last time."""
        self.now += 1
        lake = lake or self.lake
        lake.deliver(f"sales/{name}", body)
        return lake.run(self.now, **options)

    def totals(self, lake=None):
        return (lake or self.lake).query("SELECT day, total FROM gold.total ORDER BY day")


class BuildTest(DailyLake):
    files = sales()

    def test_a_delivery_goes_through_all_layers(self):
        document = self.take("a.csv", TWO_DAYS)
        self.assertEqual(counts(document), (4, 0, 0, 0))
        self.assertEqual(self.totals(), [("2024-05-01", "3"), ("2024-05-02", "4")])
        for table in ("silver.sales", "gold.total"):
            self.assertEqual(self.lake.partitions(table), BOTH)
        silver = self.lake.hive("silver.sales")
        self.assertEqual(oracle(f"SELECT count(*), sum(amount) FROM {silver}"), [("3", "7")])

    def test_only_what_a_delivery_touches_is_built(self):
        self.take("a.csv", TWO_DAYS)
        document = self.take("b.csv", rows("2024-05-02,C,8", "2024-05-03,C,16"))
        self.assertEqual(counts(document), (4, 0, 0, 0))
        self.assertEqual(self.totals(), [("2024-05-01", "3"), ("2024-05-02", "12"),
                                         ("2024-05-03", "16")])

    def test_running_again_does_nothing(self):
        self.take("a.csv", TWO_DAYS)
        state, runs = self.lake.state(), self.lake.json("log")
        self.assertEqual(counts(self.lake.run()), (0, 0, 0, 0))
        self.assertEqual(self.lake.state(), state)
        self.assertEqual(self.lake.json("log"), runs)

    def test_a_correction_with_equal_values_stops_after_one_step(self):
        self.take("a.csv", TWO_DAYS)
        digests = self.lake.digests()
        document = self.take("a.csv", 'amount,"day",shop\n4,2024-05-02,A\n2,2024-05-01,"B"\n'
                                      '1,2024-05-01,A\n')
        self.assertEqual(document["deliveries"]["superseded"], 1)
        self.assertEqual(counts(document), (0, 0, 2, 0))
        self.assertEqual(self.lake.digests(), digests)

    def test_returning_bytes_bring_back_the_old_version_without_work(self):
        self.take("a.csv", TWO_DAYS)
        first = self.lake.query("SELECT * FROM weir.partition ORDER BY ALL")
        self.assertEqual(counts(self.take("a.csv", rows("2024-05-01,A,9", "2024-05-02,A,9"))),
                         (4, 0, 0, 0))
        document = self.take("a.csv", TWO_DAYS)
        self.assertEqual(counts(document), (0, 4, 0, 0))
        self.assertEqual(self.totals(), [("2024-05-01", "3"), ("2024-05-02", "4")])
        self.assertEqual(len(first), len(self.lake.query("FROM weir.partition")))
        self.assertEqual(oracle(f"SELECT sum(total) FROM {self.lake.hive('gold.total')}"), [("7",)])

    def test_rows_that_move_leave_no_partition_behind(self):
        self.take("a.csv", rows("2024-05-01,A,1"))
        document = self.take("a.csv", rows("2024-05-02,A,1"))
        self.assertEqual(counts(document), (2, 0, 0, 2))
        self.assertEqual(self.totals(), [("2024-05-02", "1")])
        for table in ("silver.sales", "gold.total"):
            self.assertEqual(self.lake.partitions(table), ["day=2024-05-02"])

    def test_formatting_of_sql_does_not_matter_and_meaning_does(self):
        self.take("a.csv", TWO_DAYS)
        self.lake.write("tables/silver/sales.sql",
                        "-- a comment\nselect day, shop,\n    amount\nfrom raw.sales -- more\n")
        self.assertEqual(counts(self.lake.run()), (0, 0, 0, 0))
        self.lake.write("tables/silver/sales.sql", SILVER.replace("amount", "2 * amount AS amount"))
        self.assertEqual(counts(self.lake.run()), (4, 0, 0, 0))
        self.assertEqual(self.totals(), [("2024-05-01", "6"), ("2024-05-02", "8")])
        self.lake.write("tables/silver/sales.sql", SILVER)
        self.assertEqual(counts(self.lake.json("run", "--redefine")), (0, 4, 0, 0))

    def test_a_change_of_code_that_changes_nothing_stops_there(self):
        self.take("a.csv", TWO_DAYS)
        self.lake.write("tables/silver/sales.sql", SILVER.replace("amount", "amount + 0 AS amount"))
        self.assertEqual(counts(self.lake.run()), (0, 0, 2, 0))

    def test_a_table_added_later_is_built_from_what_is_there(self):
        self.take("a.csv", TWO_DAYS)
        self.lake.write("tables/gold/shop.sql",
                        "SELECT shop, count(*) AS n FROM silver.sales GROUP BY shop\n")
        self.assertEqual(counts(self.lake.run()), (1, 0, 0, 0))
        self.assertEqual(self.lake.query("FROM gold.shop ORDER BY shop"), [("A", "2"), ("B", "1")])

    def test_a_table_that_is_gone_disturbs_nobody(self):
        self.take("a.csv", TWO_DAYS)
        for suffix in ("sql", "yaml"):
            (self.lake.dir / f"tables/gold/total.{suffix}").unlink()
        self.assertEqual(counts(self.take("b.csv", rows("2024-05-01,A,1"))), (1, 0, 0, 0))
        self.assertEqual([t["table"] for t in self.lake.json("status")["tables"]],
                         ["raw.sales", "silver.sales"])

    def test_land_only_marks_and_plan_tells(self):
        self.lake.deliver("sales/a.csv", TWO_DAYS)
        self.lake.land_now(NOW)
        self.assertEqual(self.totals(), [])
        document = self.lake.json("plan")
        self.assertEqual(planned(document)["silver.sales"], BOTH)
        (cause,) = document["steps"][0]["partitions"][0]["causes"]
        self.assertEqual((cause["kind"], cause["ref"]), ("new", "sales/a.csv"))
        self.lake.weir("plan", "--detailed-exitcode", expect=10)
        self.assertEqual(counts(self.lake.run(NOW + 1)), (4, 0, 0, 0))
        self.lake.weir("plan", "--detailed-exitcode", expect=0)

    def test_a_selection_builds_only_itself(self):
        self.lake.deliver("sales/a.csv", TWO_DAYS)
        self.assertEqual(counts(self.lake.run(NOW, "+silver.sales")), (2, 0, 0, 0))
        self.assertEqual(self.totals(), [])
        self.assertEqual(counts(self.lake.run(NOW + 1)), (2, 0, 0, 0))
        self.assertEqual(len(self.totals()), 2)

    def test_a_dry_run_touches_nothing(self):
        self.take("a.csv", TWO_DAYS)
        file = self.lake.deliver("sales/b.csv", rows("2024-05-09,A,1"))
        state = self.lake.state()
        self.lake.weir("run", "--dry-run", "-o", "json")
        self.assertEqual(self.lake.state(), state)
        self.assertTrue(file.exists())
        self.assertEqual(len(self.lake.deliveries()), 1)

    def test_two_runs_at_once_do_not_hurt_each_other(self):
        for day in range(10, 30):
            self.lake.deliver(f"sales/{day}.csv", rows(f"2024-05-{day},A,{day}"))
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            codes = {r.code for r in pool.map(
                lambda n: self.lake.call("run", "--now", NOW + n), range(3))}
        self.assertLessEqual(codes, {0, 4})
        self.assertIn(0, codes)
        self.lake.run(NOW + 5)
        self.assertEqual(len(self.totals()), 20)
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"),
                         str(sum(range(10, 30))))
        self.assertEqual({s for _, s in self.lake.deliveries()}, {"active"})

    def test_zone_locale_and_folder_of_the_host_do_not_matter(self):
        other = self.new_lake(sales())
        other.environment.update(TZ="Pacific/Chatham", LC_ALL="tr_TR.UTF-8", LANG="C")
        for lake in (self.lake, other):
            lake.deliver("sales/a.csv", TWO_DAYS)
            lake.run(NOW)
        self.assertEqual(self.lake.digests(), other.digests())
        ask = "SELECT * FROM weir.delivery"
        drop = {"run", "accepted_at"}
        told = []
        for lake in (self.lake, other):
            lines = lake.weir("query", "-o", "csv", f"{ask} LIMIT 0").out.strip().split(",")
            kept = ", ".join(f'"{c}"' for c in lines if c not in drop)
            told.append(lake.query(f"SELECT {kept} FROM weir.delivery"))
        self.assertEqual(*told)

    def test_landing_and_building_in_one_run_equals_landing_first(self):
        """A run may build from what its check has read; later ones read the files."""
        raw = RAW + "from_path: '(?<kind>[a-z]+)[^/]*$'\nmissing_columns: \"null\"\n"
        silver = "SELECT day, shop, amount, kind, weir_file AS file FROM raw.sales\n"
        together = self.new_lake(sales(raw=raw, silver__sales_sql=silver))
        apart = self.new_lake(sales(raw=raw, silver__sales_sql=silver))
        bodies = {
            "plain.csv": rows("2024-05-01,Ünïcode and long enough,1", "2024-05-02,,"),
            "packed.csv.gz": gzip.compress(rows("2024-05-02,S2,+3", "2024-05-03,S3,4.0").encode()),
            "other.csv": "amount,day\n5,2024-05-03\n6,2024-05-01\n",
            "many.csv": rows(*(f"2024-05-{n % 9 + 1:02},shop number {n},{n}" for n in range(5000))),
            "bad.csv": rows("2024-05-01,S1,7", "2024-05-01,S1,never"),
        }
        for lake in (together, apart):
            for name, body in bodies.items():
                lake.deliver(f"sales/{name}", body)
        apart.land_now(NOW)
        results = [lake.run(NOW)["partitions"]["built"] for lake in (together, apart)]
        self.assertEqual(results, [18, 18])
        self.assertEqual(together.digests(), apart.digests())
        self.assertEqual(together.value("SELECT count(*) FROM silver.sales"), "5006")

    def test_several_workers_give_the_same(self):
        other = self.new_lake(sales())
        body = rows(*(f"2024-{m:02}-{d:02},S{d},{m}" for m in (1, 2, 3) for d in range(1, 20)))
        self.lake.deliver("sales/a.csv", body)
        other.deliver("sales/a.csv", body)
        self.lake.run(NOW)
        other.run(NOW, "-j", "2")
        self.assertEqual(self.lake.digests(), other.digests())


class FailureTest(DailyLake):
    """One bad partition: the others go on, what reads it waits, the old data stays."""

    files = sales(TEXT, silver__sales_sql="SELECT day, shop, cast(amount AS bigint) AS amount "
                                          "FROM raw.sales\n")

    def test_the_others_are_current_and_what_reads_it_is_blocked(self):
        document = self.take("a.csv", rows("2024-05-01,A,1", "2024-05-02,A,bad"), expect=1)
        self.assertEqual(counts(document), (2, 0, 0, 0))
        (failed,) = document["failed"]
        self.assertEqual((failed["table"], failed["partition"]), ("silver.sales", "day=2024-05-02"))
        self.assertIn("bad", failed["error"]["message"])
        self.assertEqual(document["blocked"],
                         [{"table": "gold.total", "partition": "day=2024-05-02",
                           "by": "silver.sales day=2024-05-02"}])
        self.assertEqual(self.totals(), [("2024-05-01", "1")])
        tables = {t["table"]: t for t in self.lake.json("status")["tables"]}
        self.assertEqual(tables["silver.sales"]["failed"], 1)

    def test_the_old_version_stays_until_a_correction_heals_it(self):
        self.take("a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        self.take("a.csv", rows("2024-05-01,A,10", "2024-05-02,A,bad"), expect=1)
        self.assertEqual(self.totals(), [("2024-05-01", "10"), ("2024-05-02", "2")])
        document = self.take("a.csv", rows("2024-05-01,A,10", "2024-05-02,A,20"))
        self.assertEqual((document["failed"], document["blocked"]), ([], []))
        self.assertEqual(self.totals(), [("2024-05-01", "10"), ("2024-05-02", "20")])

    def test_a_failure_is_not_tried_again_with_the_same_inputs(self):
        self.take("a.csv", rows("2024-05-02,A,bad"), expect=1)
        document = self.lake.run(self.now + 1, expect=1)
        self.assertEqual(counts(document), (0, 0, 0, 0))
        self.assertEqual(len(document["failed"]), 1)
        self.lake.run(self.now + 2, "--retry-failed", expect=1)
        self.lake.write("tables/silver/sales.sql", "SELECT day, shop, "
                        "coalesce(try_cast(amount AS bigint), 0) AS amount FROM raw.sales\n")
        self.lake.run(self.now + 3)
        self.assertEqual(self.totals(), [("2024-05-02", "0")])

    def test_a_row_outside_the_plan_fails_its_step(self):
        files = sales(silver__sales_sql="SELECT day + 1 AS day, shop, amount FROM raw.sales\n",
                      silver__sales=BY_DAY + "map: {raw.sales: {day: \"day\"}}\n",
                      silver__other_sql=SILVER, silver__other=BY_DAY)
        lake = self.new_lake(files)
        document = self.take("a.csv", TWO_DAYS, lake, expect=1)
        self.assertEqual({f["table"] for f in document["failed"]}, {"silver.sales"})
        self.assertIn("2024-05-03", str(document["failed"]))
        self.assertEqual(lake.value("SELECT count(*) FROM silver.other"), "3")
        self.assertEqual(lake.query("FROM silver.sales"), [])
        self.assertEqual(lake.partitions("silver.sales"), [])

    def test_a_broken_map_value_refuses_the_delivery_and_not_the_table(self):
        sql = "SELECT cast(day AS date) AS day, shop, amount FROM raw.sales\n"
        lake = self.new_lake(sales("columns: {day: string, shop: string, amount: int64}\n",
                                   silver__sales_sql=sql))
        document = self.take("a.csv", rows("someday,A,1"), lake)
        self.assertEqual(len(document["deliveries"]["rejected"]), 1)
        self.take("b.csv", rows("2024-05-01,A,1"), lake)
        self.assertEqual(self.totals(lake), [("2024-05-01", "1")])


ODD = ["a b", "x/y", "k=v", "100%", "Zürich", "__HIVE_DEFAULT_PARTITION__", "", "a:b", "q'\"q",
       ".", "..", "line\nend", "*?[{", "%2F", "x" * 100, " ", "()", "_under", "é\u0301"]


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


class PartitionTest(LakeTest):
    """Kinds of partitioning, and values that are hard to keep apart."""

    def run_once(self, files, body):
        lake = self.new_lake(files)
        lake.deliver("sales/a.csv", body)
        self.document = lake.run(NOW)
        return lake

    def test_odd_values_keep_apart_and_come_back(self):
        files = sales("csv: {null_values: [\"NULL\"]}\n" + RAW,
                      silver__sales="partition_by: [shop]\n",
                      gold__total_sql="SELECT shop, count(*) AS n, max(shop) AS same "
                                      "FROM silver.sales GROUP BY shop\n",
                      gold__total="partition_by: [shop]\n")
        lines = [f"2024-05-01,{quoted(value)},1" for value in ODD] + ["2024-05-01,NULL,1"]
        lake = self.run_once(files, rows(*lines))
        self.assertEqual(self.document["failed"], [])
        expected = sorted([(value, "1", value) for value in ODD] + [(None, "1", None)], key=str)
        self.assertEqual(sorted(lake.query("SELECT shop, n, same FROM gold.total"), key=str),
                         expected)
        self.assertEqual(sorted(oracle(f"SELECT shop, n, same FROM {lake.hive('gold.total')}"),
                                key=str), expected)
        self.assertEqual(len(lake.partitions("gold.total")), len(expected))

    def test_a_value_too_long_for_a_directory_is_refused_and_disturbs_nobody(self):
        long = "x" * 254  # "shop=" and this are more than the 255 bytes that a name may have
        files = sales(silver__sales="partition_by: [shop]\n", gold__total=None,
                      gold__total_sql="SELECT count(*) AS n FROM silver.sales\n")
        lake = self.new_lake(files)
        lake.deliver("sales/a.csv", rows(f"2024-05-01,{long},1"))
        lake.deliver("sales/b.csv", rows("2024-05-01,A,1"))
        (told,) = lake.run(NOW)["deliveries"]["rejected"]
        self.assertIn('of "silver.sales" has a name of 259 bytes', told["reason"])
        self.assertEqual(lake.value("SELECT n FROM gold.total"), "1")
        # Of a table that is made, only the partition itself fails, until the value goes.
        lake.write("tables/silver/sales.sql", "SELECT day, repeat(shop, 254) AS shop, amount FROM "
                                              "raw.sales WHERE amount < 5\n")
        lake.write("tables/silver/sales.yaml", "{}\n")
        lake.write("tables/gold/total.sql", "SELECT shop, count(*) AS n FROM silver.sales GROUP BY "
                                            "shop\n")
        lake.write("tables/gold/total.yaml", "partition_by: [shop]\n")
        (failed,) = lake.run(NOW + 1, expect=1)["failed"]
        self.assertIn("259 bytes is too long", json.dumps(failed))
        lake.deliver("sales/b.csv", rows("2024-05-01,A,9"))
        self.assertEqual(lake.run(NOW + 2)["failed"], [])

    def test_a_corrected_odd_partition_is_rebuilt_alone(self):
        files = sales("csv: {null_values: [\"NULL\"]}\n" + RAW,
                      silver__sales="partition_by: [shop]\n",
                      gold__total_sql=None, gold__total=None)
        lake = self.run_once(files, rows('2024-05-01,NULL,1', '2024-05-01,"",2',
                                         "2024-05-01,a/b,4"))
        lake.deliver("sales/b.csv", rows('2024-05-01,NULL,8', '2024-05-01,"",16'))
        self.assertEqual(counts(lake.run(NOW + 1)), (2, 0, 0, 0))
        found = lake.query("SELECT shop, sum(amount) FROM silver.sales GROUP BY shop")
        self.assertEqual(sorted(found, key=str),
                         sorted([(None, "9"), ("", "18"), ("a/b", "4")], key=str))

    def test_several_columns_make_nested_directories(self):
        files = sales(silver__sales="partition_by: [day, shop]\n")
        lake = self.run_once(files, TWO_DAYS)
        self.assertEqual(lake.partitions("silver.sales"),
                         ["day=2024-05-01/shop=A", "day=2024-05-01/shop=B",
                          "day=2024-05-02/shop=A"])
        self.assertEqual(lake.query("FROM gold.total ORDER BY day"),
                         [("2024-05-01", "3"), ("2024-05-02", "4")])

    def test_coarser_partitions_read_all_of_theirs(self):
        month = "cast(date_trunc('month', day) AS date)"
        files = sales(gold__total_sql=f"SELECT {month} AS month, cast(sum(amount) AS bigint) AS "
                                      f"total FROM silver.sales GROUP BY {month}\n",
                      gold__total="partition_by: [month]\n")
        lake = self.run_once(files, rows("2024-05-01,A,1", "2024-05-31,A,2", "2024-06-01,A,4"))
        lake.deliver("sales/b.csv", rows("2024-05-15,B,8"))
        self.assertEqual(counts(lake.run(NOW + 1)), (2, 0, 0, 0))
        self.assertEqual(lake.query("FROM gold.total ORDER BY month"),
                         [("2024-05-01", "11"), ("2024-06-01", "4")])

    def test_an_unpartitioned_table_is_one_partition(self):
        files = sales(gold__total_sql="SELECT count(*) AS n FROM silver.sales\n", gold__total=None)
        lake = self.run_once(files, TWO_DAYS)
        self.assertEqual(lake.query("FROM gold.total"), [("3",)])
        self.assertEqual(lake.partitions("gold.total"), ["."])
        self.assertIn(("gold.total", "()"),
                      lake.query('SELECT "table", "partition" FROM weir.partition'))

    def test_a_count_over_nothing_is_there_before_the_first_delivery(self):
        lake = self.new_lake(sales(gold__total_sql="SELECT count(*) AS n FROM silver.sales\n",
                                   gold__total=None))
        self.assertEqual(lake.run(NOW)["partitions"]["built"], 1)
        self.assertEqual(lake.value("SELECT n FROM gold.total"), "0")
        self.assertEqual(lake.run(NOW + 1)["partitions"]["built"], 0)

    def test_an_input_read_whole_reaches_every_partition(self):
        files = sales(
            raw__shops="contents: full\ncolumns: {shop: string, city: string}\n",
            gold__total_sql="SELECT s.day, p.city, cast(sum(s.amount) AS bigint) AS total FROM "
                            "silver.sales AS s JOIN raw.shops AS p ON p.shop = s.shop "
                            "GROUP BY s.day, p.city\n",
            gold__total=BY_DAY + "map: {raw.shops: all}\n")
        lake = self.new_lake(files)
        lake.deliver("shops/1.csv", "shop,city\nA,Roma\nB,Bari\n")
        lake.deliver("sales/a.csv", TWO_DAYS)
        lake.run(NOW)
        lake.deliver("shops/2.csv", "shop,city\nA,Torino\nB,Bari\n")
        self.assertEqual(counts(lake.run(NOW + 1)), (2, 0, 0, 0))
        self.assertEqual(lake.query("FROM gold.total ORDER BY day, city"),
                         [("2024-05-01", "Bari", "2"), ("2024-05-01", "Torino", "1"),
                          ("2024-05-02", "Torino", "4")])
        lake.deliver("shops/3.csv", "city,shop\nBari,B\nTorino,A\n")
        self.assertEqual(counts(lake.run(NOW + 2)), (0, 0, 2, 0))

    def test_branches_of_a_union_each_find_their_partition(self):
        files = sales(
            raw__refunds="columns: {date: date, amount: int64}\n",
            silver__sales_sql="SELECT day, shop, amount FROM raw.sales UNION ALL "
                              "SELECT date, 'refund', -amount FROM raw.refunds\n")
        lake = self.new_lake(files)
        lake.deliver("sales/a.csv", TWO_DAYS)
        lake.run(NOW)
        lake.deliver("refunds/a.csv", "date,amount\n2024-05-02,1\n")
        self.assertEqual(counts(lake.run(NOW + 1)), (2, 0, 0, 0))
        self.assertEqual(lake.query("FROM gold.total ORDER BY day"),
                         [("2024-05-01", "3"), ("2024-05-02", "3")])

    def test_sums_of_floating_point_do_not_depend_on_order(self):
        body = rows(*(f"2024-05-{1 + n % 3:02},S{n},{n}" for n in range(3000)))
        files = sales(gold__total_sql="SELECT day, sum(amount / 7.0) AS total, "
                                      "avg(amount * 0.1) AS mean FROM silver.sales GROUP BY day\n")
        digests = []
        for names in ("ab", "ba"):
            lake = self.new_lake(files)
            halves = {"a": body, "b": body.replace(",S", ",T")}
            for step, name in enumerate(names):
                lake.deliver(f"sales/{name}.csv", halves[name])
                lake.run(NOW + "ab".index(name), "-j", 1 + step)
            digests.append(lake.digests())
        self.assertEqual(*digests)

    def test_a_partition_can_have_one_file_of_a_fixed_name(self):
        files = sales(gold__total=BY_DAY + "projection: hive\n"
                                         "files: {count: 1, name: report.parquet}\n")
        lake = self.run_once(files, TWO_DAYS)
        top = lake.store / "gold" / "total"
        found = sorted(str(p.relative_to(top)) for p in top.rglob("*.parquet"))
        self.assertEqual(found, [f"{day}/report.parquet" for day in BOTH])

    def test_without_a_projection_there_are_no_directories(self):
        lake = self.run_once(sales(gold__total=BY_DAY + "projection: none\n"), TWO_DAYS)
        self.assertEqual(lake.partitions("gold.total"), [])
        self.assertEqual(len(lake.query("FROM gold.total")), 2)

    def test_tables_can_be_committed_one_by_one(self):
        files = {**sales(), "lake.yaml": "lake: test\nlayers: [raw, silver, gold]\ncommit: table\n"}
        lake = self.run_once(files, TWO_DAYS)
        self.assertEqual(lake.query("FROM gold.total ORDER BY day"),
                         [("2024-05-01", "3"), ("2024-05-02", "4")])

    def test_a_column_contract_is_held(self):
        files = sales(gold__total=BY_DAY + "columns: {day: date, total: string}\n")
        lake = self.new_lake(files)
        result = lake.call("validate", "-o", "json")
        self.assertEqual(result.code, 2, result)
        self.assertIn("total", result.out + result.err)


if __name__ == "__main__":
    unittest.main()
