"""A definition that changes over time: columns, partitions, types, and what was landed before."""
import unittest

from harness import NOW, LAKE_YAML, LakeTest, oracle
from sales import BY_DAY, RAW, rows, sales

TWO_DAYS = rows("2024-05-01,A,1", "2024-05-01,B,2", "2024-05-02,A,4")


class ChangeTest(LakeTest):
    files = sales()

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", TWO_DAYS)
        self.lake.run(NOW)

    def change(self, *options, expect=0, **files):
        """Rewrite files of the definition, then run."""
        for name, text in files.items():
            layer, table = name.split("__")
            suffix = "sql" if table.endswith("_sql") else "yaml"
            self.lake.write(f"tables/{layer}/{table.removesuffix('_sql')}.{suffix}", text)
        return self.lake.run(NOW + 100, *options, expect=expect)

    def test_a_source_column_added_later_is_null_in_what_came_before(self):
        self.change(raw__sales=RAW + "  city: string\nmissing_columns: null\n",
                    silver__sales_sql="SELECT day, shop, amount, city FROM raw.sales\n")
        self.lake.deliver("sales/b.csv", "day,shop,amount,city\n2024-05-02,C,8,Roma\n")
        self.lake.run(NOW + 101)
        self.assertEqual(self.lake.query("SELECT amount, city FROM silver.sales ORDER BY amount"),
                         [("1", None), ("2", None), ("4", None), ("8", "Roma")])

    def test_a_source_column_that_goes_is_no_longer_there(self):
        self.change(raw__sales="columns: {day: date, amount: int64}\nextra_columns: drop\n",
                    silver__sales_sql="SELECT day, amount FROM raw.sales\n")
        self.assertEqual(self.lake.query("SELECT * FROM raw.sales ORDER BY amount LIMIT 1"),
                         [("2024-05-01", "1")])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "7")

    def test_another_partitioning_moves_everything(self):
        self.change(silver__sales="partition_by: [shop]\n")
        self.assertEqual(self.lake.partitions("silver.sales"), ["shop=A", "shop=B"])
        self.assertEqual(oracle(f"SELECT sum(amount) FROM {self.lake.hive('silver.sales')}"),
                         [("7",)])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "7")
        self.assertEqual(self.lake.value("SELECT count(*) FROM silver.sales"), "3")

    def test_a_table_can_become_unpartitioned_and_back(self):
        self.change(gold__total="projection: hive\n")
        self.assertEqual(self.lake.partitions("gold.total"), ["."])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "7")
        self.change("--redefine", gold__total=BY_DAY)
        self.assertEqual(self.lake.partitions("gold.total"), ["day=2024-05-01", "day=2024-05-02"])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "7")

    def test_a_column_more_and_another_type(self):
        self.change(gold__total_sql="SELECT day, cast(sum(amount) AS double) AS total, "
                                    "count(*) AS n FROM silver.sales GROUP BY day\n")
        self.assertEqual(self.lake.query("SELECT day, total, n, typeof(total) FROM gold.total "
                                         "ORDER BY day"),
                         [("2024-05-01", "3.0", "2", "DOUBLE"),
                          ("2024-05-02", "4.0", "1", "DOUBLE")])

    def test_queries_see_the_old_columns_until_a_new_one_is_there_in_every_partition(self):
        code = "SELECT day, shop, amount, {} AS more FROM raw.sales\n"
        self.change(silver__sales_sql=code.format("cast(cast(120 * amount AS text) AS tinyint)"),
                    expect=1)
        before = self.lake.query("FROM silver.sales ORDER BY amount")
        self.assertEqual(before, [("2024-05-01", "A", "1"), ("2024-05-01", "B", "2"),
                                  ("2024-05-02", "A", "4")])
        self.lake.weir("query", "SELECT more FROM silver.sales", expect=2)
        self.change(silver__sales_sql=code.format("cast(amount AS tinyint)"))
        self.assertEqual(self.lake.query("SELECT more FROM silver.sales ORDER BY more"),
                         [("1",), ("2",), ("4",)])

    def test_a_rule_that_gets_stricter_does_not_touch_what_was_accepted(self):
        document = self.change(raw__sales=RAW.replace("minimum: 0", "minimum: 3"))
        self.assertEqual(set(document["partitions"].values()), {0})
        self.assertEqual(self.lake.value("SELECT count(*) FROM raw.sales"), "3")
        self.lake.deliver("sales/b.csv", rows("2024-05-03,A,1"))
        told = self.lake.run(NOW + 101)["deliveries"]
        self.assertEqual(len(told["rejected"]), 1)

    def test_a_refused_file_is_taken_after_the_rule_was_changed_and_it_comes_again(self):
        body = rows("2024-05-03,A,-1")
        self.lake.deliver("sales/b.csv", body)
        self.assertEqual(len(self.lake.run(NOW + 1)["deliveries"]["rejected"]), 1)
        self.lake.deliver("sales/b.csv", body)
        document = self.change(raw__sales=RAW.replace("minimum: 0", "minimum: -5"))
        told = document["deliveries"]
        self.assertEqual(told["accepted"] + len(told["rejected"]), 1)
        self.assertTrue(self.lake.land_is_empty())

    def test_a_new_map_finds_the_rows_of_old_deliveries(self):
        self.change(silver__sales_sql="SELECT day + 1 AS day, shop, amount FROM raw.sales\n")
        self.assertEqual(self.lake.partitions("gold.total"), ["day=2024-05-02", "day=2024-05-03"])
        self.assertEqual(self.lake.value("SELECT sum(total) FROM gold.total"), "7")

    def test_what_is_readmitted_is_called_so_under_a_map_that_has_never_read_it(self):
        self.lake.weir("withdraw", "a.csv", "--reason", "bad")
        self.change(silver__sales_sql="SELECT day + 1 AS day, shop, amount FROM raw.sales\n")
        self.lake.weir("readmit", "a.csv")
        (step,) = (s for s in self.lake.json("plan")["steps"] if s["table"] == "silver.sales")
        self.assertEqual([p["causes"] for p in step["partitions"]],
                         [[{"kind": "readmitted", "ref": "sales/a.csv"}]] * 2)

    def test_an_input_can_be_exchanged_for_another(self):
        self.change(raw__refunds="columns: {day: date, amount: int64}\n")
        self.lake.deliver("refunds/a.csv", "day,amount\n2024-05-07,5\n")
        self.change(gold__total_sql="SELECT day, cast(sum(amount) AS bigint) AS total "
                                    "FROM raw.refunds GROUP BY day\n")
        self.assertEqual(self.lake.query("FROM gold.total"), [("2024-05-07", "5")])
        self.assertEqual(self.lake.partitions("gold.total"), ["day=2024-05-07"])

    def test_a_definition_that_breaks_leaves_the_old_tables_readable(self):
        self.lake.write("tables/silver/sales.sql", "SELECT nothing FROM raw.sales\n")
        self.lake.weir("run", expect=2)
        self.assertEqual(oracle(f"SELECT sum(total) FROM {self.lake.hive('gold.total')}"),
                         [("7",)])


class TypeTest(LakeTest):
    """Types that are easily got wrong, through landing, Parquet, digests and queries."""

    def one_table(self, columns, select, body, **more):
        lake = self.new_lake({**sales(f"columns: {columns}\n", silver__sales_sql=select,
                                      silver__sales=None, gold__total_sql=None, gold__total=None),
                              **more})
        lake.deliver("sales/a.csv", body)
        lake.run(NOW)
        return lake

    def test_large_sums_stay_exact(self):
        lake = self.one_table("{n: int64}", "SELECT sum(n) AS s, count(*) AS c FROM raw.sales\n",
                              "n\n9223372036854775807\n9223372036854775807\n")
        self.assertEqual(lake.query("SELECT CAST(s AS varchar), c FROM silver.sales"),
                         [("18446744073709551614", "2")])

    def test_decimals_and_floats(self):
        lake = self.one_table("{d: 'decimal(18,2)', f: float64}",
                              "SELECT d, f FROM raw.sales\n",
                              "d,f\n0.10,0.1\n-12345678901234.56,1e300\n1.00,NaN\n")
        self.assertEqual(sorted(lake.query("SELECT CAST(d AS varchar), CAST(f AS varchar) "
                                           "FROM silver.sales")),
                         [("-12345678901234.56", "1e+300"), ("0.10", "0.1"), ("1.00", "nan")])

    def test_a_whole_number_is_not_rounded_silently(self):
        lake = self.new_lake(sales())
        lake.deliver("sales/a.csv", rows("2024-05-01,A,1.5"))
        self.assertEqual(len(lake.run(NOW)["deliveries"]["rejected"]), 1)

    def test_nested_values(self):
        select = ("SELECT [n, n + 1] AS list, {'a': n, 'b': {'c': t}} AS s, map([t], [n]) AS m "
                  "FROM raw.sales\n")
        lake = self.one_table("{n: int64, t: string}", select, "n,t\n1,x\n2,y\n")
        self.assertEqual(lake.query("SELECT list[2], s.b.c FROM silver.sales ORDER BY 1"),
                         [("2", "x"), ("3", "y")])
        self.assertEqual(oracle(f"SELECT list[2] FROM {lake.hive('silver.sales')} ORDER BY 1"),
                         [("2",), ("3",)])

    def test_types_that_files_cannot_hold_whole_are_refused(self):
        for select, lost in (("to_milliseconds(n)", "INTERVAL would lose"),
                             ("[TIMETZ '12:00:00+05']", "TIME WITH TIME ZONE[] would lose")):
            lake = self.new_lake(sales("columns: {n: int64}\n", silver__sales=None,
                                       silver__sales_sql=f"SELECT {select} AS x FROM raw.sales\n",
                                       gold__total_sql=None, gold__total=None))
            self.assert_error(lake.call("run", "-o", "json"), lost, "cast it to text")

    def test_the_zone_of_the_lake_decides_the_day(self):
        files = {"lake.yaml": LAKE_YAML + "timezone: Europe/Rome\n"}
        lake = self.one_table("{ts: timestamptz}",
                              "SELECT cast(ts AS date) AS day, count(*) AS n FROM raw.sales "
                              "GROUP BY ALL\n",
                              "ts\n2024-05-01T23:30:00Z\n2024-05-01T21:30:00Z\n", **files)
        self.assertEqual(lake.query("FROM silver.sales ORDER BY day"),
                         [("2024-05-01", "1"), ("2024-05-02", "1")])

    def test_partitions_of_moments_are_the_same_in_another_zone(self):
        rome, york = (LAKE_YAML + f"timezone: {zone}\n"
                      for zone in ("Europe/Rome", "America/New_York"))
        lake = self.one_table("{ts: timestamptz, n: int64}", "SELECT ts, n FROM raw.sales\n",
                              "ts,n\n2024-05-01T23:30:00Z,1\n2024-05-01T23:30:00.25Z,2\n,4\n",
                              **{"lake.yaml": rome,
                                 "tables/silver/sales.yaml": "partition_by: [ts]\n"})
        before = lake.partitions("silver.sales")
        self.assertEqual(before[0], "ts=2024-05-01 23%3A30%3A00+00")
        lake.write("lake.yaml", york)
        self.assertEqual(lake.run(NOW + 1)["partitions"]["emptied"], 0)
        self.assertEqual(lake.partitions("silver.sales"), before)
        self.assertEqual(lake.query("SELECT count(*), sum(n) FROM silver.sales"), [("3", "7")])

    def test_timestamps_keep_their_microseconds(self):
        lake = self.one_table("{ts: timestamp}", "SELECT ts FROM raw.sales\n",
                              "ts\n2024-05-01 23:59:59.999999\n1066-10-14 00:00:00\n")
        self.assertEqual(lake.query("FROM silver.sales ORDER BY ts"),
                         [("1066-10-14 00:00:00",), ("2024-05-01 23:59:59.999999",)])

    def test_partitions_of_several_kinds_of_value(self):
        lake = self.one_table("{t: timestamp, b: boolean, i: int64, n: int64}",
                              "SELECT t, b, i, n FROM raw.sales\n",
                              "t,b,i,n\n2024-05-01 10:00:00,true,7,1\n"
                              "2024-05-01 11:30:00.25,false,-7,2\n,,,3\n",
                              **{"tables/silver/sales.yaml": "partition_by: [t, b, i]\n"})
        self.assertEqual(lake.value("SELECT sum(n) FROM silver.sales"), "6")
        self.assertEqual(len(lake.partitions("silver.sales")), 3)
        lake.deliver("sales/b.csv", "t,b,i,n\n2024-05-01T10:00:00.0,1,+07,4\n,,,8\n")
        document = lake.run(NOW + 1)
        self.assertEqual(document["partitions"]["built"], 2)
        self.assertEqual(lake.value("SELECT sum(n) FROM silver.sales"), "18")

    def test_partitions_of_numbers_with_a_fraction_are_refused(self):
        for kind in ("'decimal(9,2)'", "float64"):
            lake = self.new_lake({**sales(f"columns: {{d: {kind}}}\n", gold__total_sql=None,
                                          gold__total=None, silver__sales="partition_by: [d]\n",
                                          silver__sales_sql="SELECT d FROM raw.sales\n")})
            result = lake.call("run", "-o", "json")
            self.assertEqual(result.code, 2, result)
            self.assert_error(result, "partition", "Cast")


class JoinTest(LakeTest):
    """Several inputs: what changes in either reaches the right partitions."""

    def joined(self, select):
        files = sales(raw__visits="columns: {day: date, visits: int64}\n",
                      gold__total_sql=select)
        lake = self.new_lake(files)
        lake.deliver("sales/a.csv", TWO_DAYS)
        lake.deliver("visits/a.csv", "day,visits\n2024-05-01,10\n2024-05-03,30\n")
        lake.run(NOW)
        return lake

    def incremental_is_whole(self, lake, sql, expected):
        """The table equals its SQL over everything, and what we know it must be."""
        found = lake.query("FROM gold.total ORDER BY ALL")
        self.assertEqual(found, lake.query(f"{sql} ORDER BY ALL"))
        self.assertEqual(found, expected)

    SUMS = "(SELECT day, cast(sum(amount) AS bigint) AS total FROM silver.sales GROUP BY day)"

    def test_inner_join(self):
        sql = (f"SELECT s.day, s.total, v.visits FROM {self.SUMS} AS s "
               "JOIN raw.visits AS v ON v.day = s.day")
        lake = self.joined(sql + "\n")
        self.incremental_is_whole(lake, sql, [("2024-05-01", "3", "10")])
        lake.deliver("visits/b.csv", "day,visits\n2024-05-02,20\n")
        self.assertEqual(lake.run(NOW + 1)["partitions"]["built"], 1)
        self.incremental_is_whole(lake, sql, [("2024-05-01", "3", "10"), ("2024-05-02", "4", "20")])
        lake.deliver("visits/a.csv", "day,visits\n2024-05-03,30\n")
        self.assertEqual(lake.run(NOW + 2)["partitions"]["emptied"], 1)
        self.incremental_is_whole(lake, sql, [("2024-05-02", "4", "20")])

    def test_left_join(self):
        sql = (f"SELECT s.day, s.total, v.visits FROM {self.SUMS} AS s "
               "LEFT JOIN raw.visits AS v ON v.day = s.day")
        lake = self.joined(sql + "\n")
        self.incremental_is_whole(lake, sql, [("2024-05-01", "3", "10"), ("2024-05-02", "4", None)])
        lake.deliver("visits/b.csv", "day,visits\n2024-05-02,20\n")
        self.assertEqual(lake.run(NOW + 1)["partitions"]["built"], 1)
        self.incremental_is_whole(lake, sql, [("2024-05-01", "3", "10"), ("2024-05-02", "4", "20")])

    def test_full_join_with_coalesced_day(self):
        sql = (f"SELECT coalesce(s.day, v.day) AS day, s.total, v.visits FROM {self.SUMS} AS s "
               "FULL JOIN raw.visits AS v ON v.day = s.day")
        lake = self.new_lake(sales(raw__visits="columns: {day: date, visits: int64}\n",
                                   gold__total_sql=sql + "\n"))
        lake.deliver("sales/a.csv", TWO_DAYS)
        lake.deliver("visits/a.csv", "day,visits\n2024-05-01,10\n2024-05-03,30\n")
        lake.run(NOW)
        self.incremental_is_whole(lake, sql, [("2024-05-01", "3", "10"), ("2024-05-02", "4", None),
                                              ("2024-05-03", None, "30")])

    def test_a_window_over_the_partition(self):
        files = sales(gold__total_sql="SELECT day, shop, amount, rank() OVER (PARTITION BY day "
                                      "ORDER BY amount DESC) AS place FROM silver.sales\n")
        lake = self.new_lake(files)
        lake.deliver("sales/a.csv", TWO_DAYS)
        lake.run(NOW)
        lake.deliver("sales/b.csv", rows("2024-05-01,C,9"))
        self.assertEqual(lake.run(NOW + 1)["partitions"]["built"], 2)
        self.assertEqual(lake.query("SELECT shop, place FROM gold.total WHERE day = '2024-05-01' "
                                    "ORDER BY place"), [("C", "1"), ("B", "2"), ("A", "3")])

    def test_a_window_over_all_days_needs_a_decision(self):
        sql = ("SELECT day, shop, amount, row_number() OVER (ORDER BY day, shop) AS n "
               "FROM silver.sales\n")
        lake = self.new_lake(sales(gold__total_sql=sql))
        result = lake.call("run", "-o", "json")
        self.assertEqual(result.code, 2, result)
        self.assert_error(result, "row_number", "map")

    def test_a_subquery_over_everything_reads_everything(self):
        sql = ("SELECT day, cast(sum(amount) AS bigint) AS total, "
               "(SELECT max(visits) FROM raw.visits) AS most FROM silver.sales GROUP BY day")
        lake = self.new_lake(sales(raw__visits="columns: {day: date, visits: int64}\n",
                                   gold__total_sql=sql + "\n",
                                   gold__total=BY_DAY + "map: {raw.visits: all}\n"))
        lake.deliver("sales/a.csv", TWO_DAYS)
        lake.deliver("visits/a.csv", "day,visits\n2024-05-01,10\n")
        lake.run(NOW)
        lake.deliver("visits/b.csv", "day,visits\n2024-05-09,90\n")
        self.assertEqual(lake.run(NOW + 1)["partitions"]["built"], 2)
        self.incremental_is_whole(lake, sql, [("2024-05-01", "3", "90"), ("2024-05-02", "4", "90")])


if __name__ == "__main__":
    unittest.main()
