"""Rules that partitions of derived tables must keep: what breaks one never becomes current."""
from harness import NOW, LakeTest, oracle
from sales import BY_DAY, rows, sales

CHECKS = BY_DAY + "checks: [{not_null: [shop]}, {unique: [day, shop]}]\n"
SILVER = "tables/silver/sales.yaml"


class ChecksTest(LakeTest):
    files = sales(silver__sales=CHECKS)

    def give(self, now, name, *lines, expect=0):
        self.lake.deliver(f"sales/{name}.csv", rows(*lines))
        return self.lake.run(now, expect=expect)

    def failed(self, document):
        return {(f["table"], f["partition"]): f["error"] for f in document["failed"]}

    def counts(self, document):
        return {name: n for name, n in document["partitions"].items() if n}

    def amounts_shown(self):
        return oracle(f"SELECT sum(amount) FROM {self.lake.hive('silver.sales')}")

    def test_a_partition_that_breaks_a_rule_fails_alone_and_the_old_one_stays(self):
        self.give(NOW, "a", "2024-05-01,A,1", "2024-05-02,A,2", "2024-05-03,A,4")
        document = self.give(NOW + 1, "b", "2024-05-02,A,8", "2024-05-02,A,8", "2024-05-03,,16",
                             "2024-05-04,B,32", expect=3)
        failed = self.failed(document)
        self.assertEqual(set(failed), {("silver.sales", "day=2024-05-02"),
                                       ("silver.sales", "day=2024-05-03")})
        doubled, missing = failed["silver.sales", "day=2024-05-02"], failed["silver.sales",
                                                                          "day=2024-05-03"]
        self.assertEqual((doubled["kind"], missing["kind"]), ("check", "check"))
        self.assertIn("3 rows", doubled["message"])
        self.assertIn("day=2024-05-02, shop=A", doubled["message"])
        self.assertIn('no "shop": 1', missing["message"])
        self.assertEqual({b["partition"] for b in document["blocked"]},
                         {"day=2024-05-02", "day=2024-05-03"})
        self.assertEqual(self.amounts_shown(), [("39",)])
        self.assertEqual(self.lake.call("run", "--now", NOW + 2).code, 3, "still so")
        document = self.give(NOW + 3, "b", "2024-05-02,B,8")
        self.assertEqual(self.counts(document)["emptied"], 2)
        self.assertEqual(self.amounts_shown(), [("15",)])

    def test_a_changed_rule_looks_at_each_partition_and_goes_no_further(self):
        self.lake.write(SILVER, BY_DAY)
        self.give(NOW, "a", "2024-05-01,A,1", "2024-05-02,A,2", "2024-05-02,A,4")
        before = self.lake.digests()
        self.lake.write(SILVER, CHECKS)
        (first, *_) = self.lake.json("plan")["steps"]
        self.assertEqual(first["table"], "silver.sales")
        self.assertEqual([p["causes"] for p in first["partitions"]],
                         [[{"kind": "code", "ref": "checks"}]] * 2)
        document = self.lake.run(NOW + 1, expect=3)
        self.assertEqual((self.counts(document), set(self.failed(document))),
                         ({"unchanged": 1}, {("silver.sales", "day=2024-05-02")}))
        self.assertEqual(self.lake.digests(), before)
        self.lake.write(SILVER, BY_DAY + "checks: [{unique: [day, shop, amount]}]\n")
        self.assertEqual(self.counts(self.lake.run(NOW + 2)), {"unchanged": 2})
        self.assertEqual(self.lake.digests(), before)

    def test_rules_that_cannot_be_kept_are_refused_with_their_place(self):
        for text, words in (("[{not_null: [shopp]}]", ("shopp", "did you mean", "shop")),
                            ("[{unique: [shop]}]", ("day", "by itself")),
                            ("[{unique: [day], not_null: [shop]}]", ("one key",)),
                            ("[{uniqe: [day]}]", ("uniqe", "unique")),
                            ("shop", ("list of rules",))):
            with self.subTest(text):
                self.lake.write(SILVER, BY_DAY + f"checks: {text}\n")
                result = self.lake.call("validate", "-o", "json")
                self.assertEqual(result.code, 2, result)
                for word in ("sales.yaml", *words):
                    self.assertIn(word, result.out + result.err)
