"""From a partition back to the file, rule or change of code that made it what it is."""
from harness import NOW, LakeTest
from sales import rows, sales

DAY_1, DAY_2 = "day=2024-05-01", "day=2024-05-02"
TEXT = "columns: {day: date, shop: string, amount: string}\n"
CAST = "SELECT day, shop, cast(amount AS bigint) AS amount FROM raw.sales\n"


class WhyTest(LakeTest):
    files = sales(TEXT, silver__sales_sql=CAST,
                  gold__all_sql="SELECT cast(sum(total) AS bigint) AS total FROM gold.total\n")

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        self.lake.run(NOW)

    def why(self, *args):
        return self.lake.json("why", *args)

    def kinds(self, document):
        return [c["kind"] for c in document["causes"]]

    def down(self, document, *kinds):
        """Follow single causes of these kinds."""
        for kind in kinds:
            (document,) = document["causes"]
            self.assertEqual(document["kind"], kind)
        return document

    def state(self, *args):
        return self.why(*args)["now"]["state"]

    def test_a_correction_is_followed_through_all_tables(self):
        first = self.why("gold.total", DAY_2)
        self.assertEqual(self.down(first, "upstream", "new")["file"], "sales/a.csv")
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,7"))
        run = self.lake.run(NOW + 60)["run"]
        document = self.why("gold.all")
        self.assertEqual(document["now"]["state"], "up to date")
        self.assertEqual((document["version"]["run"], document["version"]["verb"]), (run, "run"))
        upstream = self.down(document, "upstream")
        self.assertEqual((upstream["table"], upstream["partition"]), ("gold.total", DAY_2))
        self.assertEqual(upstream["was"], first["version"]["version"])
        file = self.down(document, "upstream", "upstream", "superseded")
        (known,) = self.lake.query("SELECT delivery, sha256, identity, run FROM weir.delivery "
                                   "WHERE state = 'active'")
        self.assertEqual((str(file["delivery"]), file["sha256"], file["identity"], file["run"]),
                         known)
        self.assertEqual(file["landed"], "2023-11-14T22:14:20Z")
        self.assertNotEqual(file["instead"]["sha256"], file["sha256"])
        told = self.lake.weir("why", "gold.all").out
        for word in ("gold.total " + DAY_2, "silver.sales " + DAY_2, "sales/a.csv", run,
                     file["sha256"][:12], "up to date"):
            self.assertIn(word, told)

    def test_code_that_changed_names_its_part_and_its_moment(self):
        self.lake.write("tables/silver/sales.sql", CAST.replace(" AS bigint)", " AS bigint) + 1"))
        self.lake.run(NOW + 60)
        document = self.why("silver.sales", DAY_2)
        (code,) = document["causes"]
        self.assertEqual((code["kind"], code["parts"]), ("code", ["sql"]))
        self.assertEqual(code["fingerprint"], document["code"]["fingerprint"])
        self.assertEqual(self.down(self.why("gold.total", DAY_2), "upstream", "code")["parts"],
                         ["sql"])
        self.lake.json("rebuild", "silver.sales")
        self.assertEqual(self.kinds(self.why("silver.sales", DAY_2)), ["code"])

    def test_what_was_accepted_is_told_as_such(self):
        self.lake.write("tables/silver/sales.sql", CAST.replace(" AS bigint)", " AS bigint) + 1"))
        self.lake.weir("accept", "--reason", "only rounding", "silver.sales")
        document = self.why("silver.sales", DAY_2)
        self.assertEqual((document["now"]["state"], self.kinds(document)), ("accepted", ["new"]))
        self.assertEqual(document["accepted"]["why"], "only rounding")

    def test_equal_rows_of_another_file_are_told_as_confirmed(self):
        self.lake.deliver("sales/a.csv", rows("2024-05-02,A,2", "2024-05-01,A,1"))
        run = self.lake.run(NOW + 60)["run"]
        document = self.why("silver.sales", DAY_2)
        self.assertEqual(self.kinds(document), ["new"])
        self.assertEqual(document["confirmed"]["run"], run)

    def test_what_waits_is_told_with_where_it_begins(self):
        self.lake.deliver("sales/b.csv", rows("2024-05-02,B,8"))
        self.lake.land_now(NOW + 60)
        waiting = self.why("--stale")["partitions"]
        self.assertEqual({w["table"]: [(r["kind"], r["ref"]) for r in w["roots"]] for w in waiting},
                         {t: [("new", "sales/b.csv")]
                          for t in ("silver.sales", "gold.total", "gold.all")})
        self.assertEqual([w["certain"] for w in waiting], [True, False, False])
        self.assertIn("gold.all", self.lake.weir("why", "--stale").out)
        self.assertEqual(self.state("silver.sales", DAY_2), "stale")
        self.assertEqual(self.state("silver.sales", DAY_1), "up to date")
        self.lake.run(NOW + 61)
        self.assertEqual(self.why("--stale")["partitions"], [])

    def test_failed_blocked_and_held_say_what_they_wait_for(self):
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,bad"))
        run = self.lake.run(NOW + 60, expect=1)["run"]
        now = self.why("silver.sales", DAY_2)["now"]
        self.assertEqual((now["state"], now["failure"]["run"]), ("failed", run))
        self.assertIn("bad", now["failure"]["error"]["message"])
        self.assertEqual(len(now["failure"]["memo_key"]), 64)
        now = self.why("gold.total", DAY_2)["now"]
        self.assertEqual((now["state"], now["blocked_by"]), ("blocked", "silver.sales " + DAY_2))
        states = {(w["table"], w["state"]) for w in self.why("--stale")["partitions"]}
        self.assertLessEqual({("silver.sales", "failed"), ("gold.total", "blocked")}, states)
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,9"))
        self.lake.run(NOW + 120)
        run = self.lake.json("log")["runs"][0]["run"]
        self.lake.weir("undo", "--reason", "a test", run)
        document = self.why("silver.sales", DAY_2)
        self.assertEqual((document["now"]["state"], self.kinds(document)), ("held", ["undo"]))
        self.assertEqual(document["now"]["hold"]["why"], "a test")

    def test_a_file_tells_what_became_of_it(self):
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,7"))
        self.lake.deliver("sales/c.csv", "day,shop\n")
        self.lake.run(NOW + 60)
        (file,) = self.why("sales/a.csv")["deliveries"]
        self.assertEqual((file["state"], file["feeds"]),
                         ("active", [{"table": "silver.sales", "partitions": [DAY_1, DAY_2]}]))
        (file,) = self.why("1")["deliveries"]
        self.assertEqual((file["state"], file["instead"]["delivery"]), ("superseded", 2))
        (file,) = self.why("sales/c.csv")["deliveries"]
        self.assertEqual((file["state"], file["feeds"]), ("rejected", []))
        self.assertTrue(file["reason"])
        self.assertIn("in its place", self.lake.weir("why", "1").out)

    def test_what_does_not_exist_is_refused(self):
        for args, words in ((("silver.sales", "day=2024-05-09"), ["day=2024-05-09"]),
                            (("silver.sales",), ["partition"]), (("raw.sales",), ["deliveries"]),
                            ((), ["--stale"]), (("nothing.csv",), ["nothing.csv"])):
            with self.subTest(args=args):
                result = self.lake.call("why", "-o", "json", *args)
                self.assertEqual(result.code, 2, result)
                for word in words:
                    self.assertIn(word, str(result))
