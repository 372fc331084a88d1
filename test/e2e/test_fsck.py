"""What fsck finds in raw history and how it comes right again: adopted, or delivered once more."""
from harness import NOW, local_only
from sales import rows, sales
from test_care import CareTest


class RawHistoryTest(CareTest):
    files = sales()

    def put(self, path, text):
        """A file of raw history that nobody landed."""
        return self.lake.write(f"data/raw/sales/{path}", text)

    def named(self, name, moment):
        return f"file_land_timestamp={moment}/{name}_{moment}.csv"

    def fsck(self, *args, expect=0):
        return self.lake.json("fsck", "--fast", *args, expect=expect)

    @local_only("nothing is adopted in a bucket")
    def test_files_that_a_table_would_take_are_adopted_and_others_told(self):
        late, early = rows("2024-05-03,B,7"), rows("2024-05-01,A,5")
        adopted = self.put(self.named("b", NOW + 5), late)
        self.put(self.named("a", NOW - 5), early)
        self.put(self.named("bad", NOW + 6), rows("2024-05-03,B,many"))
        self.put(self.named("a", NOW + 7), rows("2024-05-01,A,1", "2024-05-02,A,2"))
        self.put("notes.csv", "by the way")
        self.put(f"file_land_timestamp={NOW}/c_{NOW + 1}.csv", late)
        self.lake.write("elsewhere.csv", late)
        link = self.lake.store / "raw" / "sales" / self.named("d", NOW)
        link.symlink_to(self.lake.dir / "elsewhere.csv")
        before = self.lake.raw_files("raw.sales")
        told = self.fsck(expect=1)
        self.assertEqual({(f["kind"], f["table"]) for f in told["faults"]},
                         {("extra", "raw.sales")})
        self.assertEqual((len(told["faults"]), told["adopted"]), (7, []))
        told = self.fsck("--adopt", expect=1)
        self.assertEqual([(a["file"], a["state"]) for a in told["adopted"]],
                         [("sales/a.csv", "superseded"), ("sales/b.csv", "active")])
        self.assertEqual(adopted.stat().st_mode & 0o777, 0o444)
        no_name = ("not adopted: its name does not tell what landed when: raw history has "
                   "TABLE/file_land_timestamp=SECONDS/NAME_SECONDS.EXT")
        repeated = (f"not adopted: its bytes are those of \"sales/{self.named('a', NOW)}\": "
                    "remove it")
        reasons = {f["object"].rsplit("/", 1)[1]: f["detail"] for f in told["faults"]}
        self.assertIn("amount", reasons.pop(f"bad_{NOW + 6}.csv"))
        self.assertEqual(reasons, {f"d_{NOW}.csv": "a symbolic link, or no regular file",
                                   "notes.csv": no_name, f"c_{NOW + 1}.csv": no_name,
                                   f"a_{NOW + 7}.csv": repeated})
        self.assertEqual(self.lake.raw_files("raw.sales"), before)
        self.assertEqual(len(self.fsck("--adopt", expect=1)["faults"]), 5)
        self.lake.run(NOW + 10)
        self.assertEqual(self.lake.query("SELECT what, split_part(ref, ' ', 1) FROM weir.event"
                                         " ORDER BY 1"), [("adopt", "raw.sales")] * 2)
        other = self.new_lake(sales())
        for name, moment, body in (("a", NOW - 5, early), ("b", NOW + 5, late),
                                   ("a", NOW, rows("2024-05-01,A,1", "2024-05-02,A,2"))):
            other.deliver(f"sales/{name}.csv", body)
            other.run(moment)
        self.assertEqual(self.lake.digests(), other.digests())
        self.assertEqual(self.lake.deliveries("file, state, sha256"),
                         other.deliveries("file, state, sha256"))

    def test_what_was_lost_comes_back_when_it_is_delivered_again(self):
        (name, body), = self.lake.raw_files("raw.sales").items()
        lost = self.lake.store / "raw" / "sales" / name
        lost.unlink()
        result = self.lake.weir("fsck", "--fast", expect=1)
        self.assertIn("deliver what is missing", result.err)
        self.lake.deliver("sales/a.csv", body)
        document = self.lake.run(NOW + 1)
        self.assertEqual((document["deliveries"]["duplicate"], document["partitions"]["built"]),
                         (1, 0))
        self.assertEqual(self.fsck()["faults"], [])
        self.assertEqual(self.lake.raw_files("raw.sales"), {name: body})
        if self.lake.prefix is None:
            self.assertEqual(lost.stat().st_mode & 0o777, 0o444)

    def test_tables_that_left_the_definition_are_no_strangers(self):
        for path in ("tables/raw/sales.yaml", "tables/silver/sales.sql", "tables/silver/sales.yaml",
                     "tables/gold/total.sql", "tables/gold/total.yaml"):
            (self.lake.dir / path).unlink(missing_ok=True)
        self.lake.write("tables/raw/other.yaml", "columns: {a: string}\n")
        self.assertEqual(self.fsck()["faults"], [])


if __name__ == "__main__":
    import unittest
    unittest.main()
