"""Building again what is current, beside the lake, and comparing."""
import os
import shutil

from harness import NOW, LakeTest
from sales import BY_DAY, SILVER, rows, sales

TEN = rows(*(f"2024-05-{day:02},A,{day}" for day in range(1, 11)))


class VerifyTest(LakeTest):
    files = sales()

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", TEN)
        self.lake.run(NOW)

    def verify(self, *args, **options):
        return self.lake.json("verify", *args, **options)

    def names(self, findings):
        return [(f["table"], f["partition"]) for f in findings]

    def test_what_is_right_is_equal_and_nothing_is_touched(self):
        state = self.lake.state()
        document = self.verify()
        self.assertEqual((document["equal"], document["different"], document["skipped"]),
                         (20, [], []))
        self.assertEqual(self.lake.state(), state)
        self.assertEqual(list((self.lake.dir / ".weir/tmp").iterdir()), [])
        self.assertIn("20 partitions equal", self.lake.weir("verify").out)
        self.assertEqual([r["verb"] for r in self.lake.json("log")["runs"]], ["run"])

    def test_an_input_that_is_not_what_it_was_shows(self):
        """Raw history altered behind Weir's back, in rows and not in size."""
        (raw,) = [p for p in (self.lake.store / "raw/sales").rglob("*.csv")]
        body = raw.read_bytes()
        raw.chmod(0o644)
        raw.write_bytes(body.replace(b"2024-05-03,A,3", b"2024-05-03,A,8"))
        document = self.verify("silver.sales", expect=3)
        self.assertEqual(self.names(document["different"]), [("silver.sales", "day=2024-05-03")])
        (found,) = document["different"]
        self.assertEqual((found["rows"], found["rows_again"]), (1, 1))
        self.assertNotEqual(found["digest"], found["digest_again"])
        self.assertIn("different  silver.sales day=2024-05-03",
                      self.lake.weir("verify", "--partition", "day=2024-05-03", expect=3).out)
        raw.write_bytes(body)
        self.assertEqual(self.verify()["different"], [])

    def test_a_sample_is_chosen_by_its_seed(self):
        one = self.verify("silver.sales", "--sample", "30%")
        self.assertEqual((one["equal"], one["unsampled"]), (3, 7))
        log = self.lake.weir("verify", "--sample", "1%", "--seed", "a", "silver.sales").out
        self.assertIn("--seed a takes the same one", log)
        self.assertEqual(self.lake.call("verify", "--sample", "0").code, 2)

    def test_what_is_stale_or_accepted_is_skipped_and_told(self):
        self.lake.deliver("sales/b.csv", rows("2024-05-03,B,5"))
        self.lake.land_now(NOW + 1)
        document = self.verify("silver.sales")
        self.assertEqual((document["equal"], [f["reason"] for f in document["skipped"]]),
                         (9, ["stale"]))
        self.lake.run(NOW + 2)
        self.lake.write("tables/silver/sales.sql", SILVER.replace("amount", "amount + 1 AS amount"))
        self.lake.weir("accept", "--reason", "as it is", "silver.sales")
        skipped = self.verify("silver.sales")["skipped"]
        self.assertEqual((len(skipped), skipped[0]["reason"].split(":")[0]), (10, "accepted"))

    def test_what_cannot_be_built_again_is_named(self):
        shutil.move(self.lake.store / "raw", self.lake.dir / "elsewhere")
        document = self.verify("silver.sales", expect=1)
        self.assertEqual(len(document["failed"]), 10)
        self.assertTrue(document["failed"][0]["error"]["message"])

    def test_what_a_killed_one_left_goes_with_the_next(self):
        left = self.lake.dir / ".weir/tmp/verify-killed"
        left.mkdir(parents=True)
        (left / "x.parquet").write_bytes(b"x")
        os.utime(left, (1000, 1000))
        self.verify("gold.total", "--sample", "1%")
        self.assertFalse(left.exists())


class WholeTest(LakeTest):
    """The SQL over everything against what its map lets it see."""

    files = sales(
        silver__sales_sql="SELECT day, shop, amount, lag(amount) OVER (ORDER BY day) AS before "
                          "FROM raw.sales\n",
        silver__sales=BY_DAY + "map: {raw.sales: {day: [-1, 0]}}\n",
        gold__total_sql="SELECT day, cast(sum(amount) AS bigint) AS total FROM silver.sales "
                        "GROUP BY day\n")

    def test_partitions_where_map_and_whole_disagree_are_named(self):
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2", "2024-05-05,A,3"))
        self.lake.run(NOW)
        self.assertEqual(self.lake.json("verify")["different"], [])
        document = self.lake.json("verify", "--whole", expect=3)
        self.assertEqual([(f["table"], f["partition"]) for f in document["different"]],
                         [("silver.sales", "day=2024-05-05")])  # what was before is too far back
        self.assertEqual((document["equal"], document["outside"]), (5, []))

    def test_rows_that_no_partition_has_are_told(self):
        self.lake.write("tables/silver/sales.yaml", BY_DAY + "map: {raw.sales: {day: day}}\n")
        self.lake.write("tables/silver/sales.sql",
                        "SELECT CASE WHEN count(*) OVER () > 2 THEN day + 7 ELSE day END AS day, "
                        "shop, amount FROM raw.sales\n")
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2", "2024-05-03,A,3"))
        self.lake.run(NOW)
        document = self.lake.json("verify", "--whole", "silver.sales", expect=3)
        (outside,) = document["outside"]
        self.assertEqual((outside["table"], outside["rows"]), ("silver.sales", 3))
        self.assertIn("day=2024-05-08", outside["partitions"])
        self.assertEqual(len(document["different"]), 3)
