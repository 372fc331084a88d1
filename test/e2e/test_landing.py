"""From land to raw history: what is taken, as what, and under which name."""
import gzip
import unittest

from harness import NOW, LakeTest, oracle, sql_text
from sales import raw_only, rows, sales

ONE = rows("2024-05-01,A,1", "2024-05-02,B,2")
TWO = rows("2024-05-01,A,10", "2024-05-02,B,20")
THREE = rows("2024-05-01,A,100")


class LandingTest(LakeTest):
    files = raw_only()

    def amounts(self):
        return self.lake.value("SELECT sum(amount) FROM raw.sales")

    def take(self, name, body, now):
        self.lake.deliver(f"sales/{name}", body)
        return self.lake.land_now(now)["deliveries"]

    def reports(self, lake=None):
        return [report for _, report in (lake or self.lake).quarantine("raw.sales")]

    def test_a_file_is_kept_byte_for_byte_under_the_second_it_landed(self):
        told = self.take("a.b.csv", ONE, NOW)
        self.assertEqual((told["accepted"], told["rejected"]), (1, []))
        self.assertEqual(self.lake.raw_files("raw.sales"),
                         {f"file_land_timestamp={NOW}/a.b_{NOW}.csv": ONE.encode()})
        self.assertTrue(self.lake.land_is_empty())
        self.assertEqual(self.amounts(), "3")

    def test_a_table_without_deliveries_has_its_columns_and_no_rows(self):
        self.lake.land_now(NOW)
        self.assertEqual(self.lake.query("SELECT day, shop, amount FROM raw.sales"), [])

    def test_the_same_bytes_again_are_no_work(self):
        self.take("a.csv", ONE, NOW)
        told = self.take("a.csv", ONE, NOW + 10)
        self.assertEqual((told["accepted"], told["duplicate"]), (0, 1))
        self.assertEqual(len(self.lake.raw_files("raw.sales")), 1)
        self.assertEqual(self.lake.deliveries(),
                         [("sales/a.csv", "active"), ("sales/a.csv", "duplicate")])

    def test_other_bytes_supersede_and_both_are_kept(self):
        self.take("a.csv", ONE, NOW)
        told = self.take("a.csv", TWO, NOW + 10)
        self.assertEqual((told["accepted"], told["superseded"]), (1, 1))
        self.assertEqual(self.amounts(), "30")
        self.assertEqual(self.lake.raw_files("raw.sales"),
                         {f"file_land_timestamp={NOW}/a_{NOW}.csv": ONE.encode(),
                          f"file_land_timestamp={NOW + 10}/a_{NOW + 10}.csv": TWO.encode()})

    def test_earlier_bytes_again_count_again(self):
        for step, body in enumerate((ONE, TWO, ONE)):
            told = self.take("a.csv", body, NOW + step)
            self.assertEqual(told["accepted"], 1)
        self.assertEqual(self.amounts(), "3")
        states = self.lake.query("SELECT state FROM weir.delivery ORDER BY land_time")
        self.assertEqual(states, [("superseded",), ("superseded",), ("active",)])

    def test_the_order_of_taking_does_not_matter(self):
        self.take("a.csv", TWO, NOW + 10)
        self.take("a.csv", ONE, NOW)
        self.assertEqual(self.amounts(), "30")
        states = self.lake.query("SELECT state FROM weir.delivery ORDER BY land_time")
        self.assertEqual(states, [("superseded",), ("active",)])

    def test_one_identity_never_lands_twice_in_a_second(self):
        self.take("a.csv", ONE, NOW)
        self.take("a.csv", TWO, NOW)
        self.assertEqual(sorted(self.lake.raw_files("raw.sales")),
                         [f"file_land_timestamp={NOW + n}/a_{NOW + n}.csv" for n in (0, 1)])
        self.assertEqual(self.amounts(), "30")

    def test_different_paths_are_different_things(self):
        self.take("a.csv", ONE, NOW)
        self.take("north/a.csv", ONE, NOW)
        self.assertEqual(self.amounts(), "6")
        self.assertEqual(len(self.lake.raw_files("raw.sales")), 2)

    def test_a_byte_order_mark_and_line_ends_of_windows_are_read_past(self):
        body = b"\xef\xbb\xbf" + rows("2024-05-01,Z\u00fcrich,7", end="\r\n").encode()
        self.take("a.csv", body, NOW)
        self.assertEqual(self.lake.query("SELECT day, shop, amount FROM raw.sales"),
                         [("2024-05-01", "Zürich", "7")])
        self.assertEqual(list(self.lake.raw_files("raw.sales").values()), [body])

    def test_compressed_files_are_read_and_kept_compressed(self):
        squeezed = gzip.compress(ONE.encode(), mtime=0)
        target = self.lake.dir / "made.csv.zst"
        oracle("COPY (SELECT DATE '2024-05-03' AS day, 'C' AS shop, 40 AS amount) "
               f"TO {sql_text(target)} (FORMAT csv, HEADER, COMPRESSION zstd)")
        self.lake.deliver("sales/a.b.csv.gz", squeezed)
        self.lake.deliver("sales/c.csv.zst", target.read_bytes())
        self.assertEqual(self.lake.land_now(NOW)["deliveries"]["accepted"], 2)
        kept = self.lake.raw_files("raw.sales")
        self.assertEqual(kept, {f"file_land_timestamp={NOW}/a.b_{NOW}.csv.gz": squeezed,
                                f"file_land_timestamp={NOW}/c_{NOW}.csv.zst": target.read_bytes()})
        self.assertEqual(self.amounts(), "43")

    def test_what_is_not_yet_a_file_is_left_alone(self):
        names = [".hidden.csv", "_partial.csv", "a.csv.tmp", "a.csv.part", ".sub/a.csv"]
        for name in names:
            self.lake.deliver(f"sales/{name}", ONE)
        told = self.lake.land_now(NOW)["deliveries"]
        self.assertEqual((told["accepted"], told["rejected"]), (0, []))
        self.assertEqual([n for n in names if not (self.lake.land / "sales" / n).exists()], [])

    def test_a_file_of_no_table_is_reported_and_left(self):
        stray = self.lake.deliver("unknown/a.csv", ONE)
        self.lake.deliver("sales/a.csv", ONE)
        told = self.lake.land_now(NOW)["deliveries"]
        self.assertEqual([u["path"] for u in told["unknown"]], ["unknown/a.csv"])
        self.assertEqual(told["accepted"], 1)
        self.assertTrue(stray.exists())

    def test_try_checks_and_takes_nothing(self):
        good = self.lake.write("good.csv", ONE)
        bad = self.lake.write("bad.csv", "day,shop\n2024-05-01,A\n")
        self.lake.land_now(NOW)
        self.assertEqual(self.lake.json("land", "--try", "raw.sales", good)["verdict"], "accepted")
        result = self.lake.call("land", "--try", "raw.sales", bad, "-o", "json")
        self.assertEqual(result.code, 3, result)
        self.assertEqual(result.doc["verdict"], "rejected")
        self.assertIn("amount", result.out)
        self.assertTrue(good.exists() and bad.exists())
        self.assertEqual(self.lake.deliveries(), [])

    def test_strict_makes_a_refused_file_an_error(self):
        self.lake.deliver("sales/bad.csv", "x\n1\n")
        self.lake.deliver("sales/good.csv", ONE)
        document = self.lake.json("land", "--strict", "--now", NOW, expect=3)
        self.assertEqual(document["deliveries"]["accepted"], 1)
        self.assertEqual(len(document["deliveries"]["rejected"]), 1)

    def test_rows_that_break_the_rules_are_told_by_line_and_value(self):
        cases = {
            "type.csv": (rows("2024-05-01,A,1", "2024-05-02,B,many"), "type", 3, "many", "amount"),
            "null.csv": (rows(",A,1"), "nullable", 2, None, "day"),
            "minimum.csv": (rows("2024-05-01,A,1", "2024-05-01,A,-5"), "minimum", 3, "-5",
                            "amount"),
        }
        for name, (body, *_) in cases.items():
            self.lake.deliver(f"sales/{name}", body)
        self.lake.deliver("sales/good.csv", ONE)
        told = self.lake.land_now(NOW)["deliveries"]
        self.assertEqual((told["accepted"], len(told["rejected"])), (1, 3))
        reports = {report["file"]: report for report in self.reports()}
        for name, (_, rule, line, value, column) in cases.items():
            with self.subTest(name):
                (failure,) = reports[f"sales/{name}"]["failures"]
                self.assertEqual((failure["rule"], failure["line"], failure["column"]),
                                 (rule, line, column))
                self.assertEqual(failure["count"], 1)
                if value is not None:
                    self.assertEqual(failure["value"], value)

    def test_a_refused_file_is_kept_as_it_came_and_can_be_corrected(self):
        body = rows("2024-05-01,A,many")
        told = self.take("a.csv", body, NOW)
        (rejection,) = told["rejected"]
        self.assertEqual((rejection["path"], rejection["table"]), ("sales/a.csv", "raw.sales"))
        self.assertIn("amount", rejection["reason"])
        ((file, report),) = self.lake.quarantine("raw.sales")
        self.assertEqual(file.read_bytes(), body.encode())
        self.assertTrue(self.lake.path(rejection["report"]).is_file(), rejection)
        self.assertEqual(self.lake.json("status")["quarantine"], 1)
        self.assertEqual(self.take("a.csv", ONE, NOW + 1)["accepted"], 1)
        self.assertEqual(self.lake.json("status")["quarantine"], 0)

    def test_refused_bytes_are_refused_again(self):
        body = rows("2024-05-01,A,many")
        self.take("a.csv", body, NOW)
        told = self.take("a.csv", body, NOW + 1)
        self.assertEqual(len(told["rejected"]), 1)
        self.assertEqual(self.lake.raw_files("raw.sales"), {})
        self.assertTrue(self.lake.land_is_empty())


class PolicyTest(LakeTest):
    """What a source table's YAML can say."""

    def land(self, raw, deliveries, **more):
        """A lake with one source table that took these (name, body), one second apart."""
        lake = self.new_lake(raw_only(raw, **more))
        self.told = []
        for second, (name, body) in enumerate(deliveries):
            lake.deliver(f"sales/{name}", body)
            self.told.append(lake.land_now(NOW + second)["deliveries"])
        return lake

    def test_without_columns_every_column_is_text(self):
        lake = self.land("format: csv\n", [("a.csv", "code,n\n066,1\n")])
        self.assertEqual(lake.query("SELECT code, n, typeof(n) FROM raw.sales"),
                         [("066", "1", "VARCHAR")])

    def test_from_path_gives_columns(self):
        raw = "from_path: '(?<region>\\w+)/(?<day>\\d{8})\\.csv$'\ncolumns: {n: int64}\n"
        lake = self.land(raw,
                         [("north/20240501.csv", "n\n1\n"), ("south/20240502.csv", "n\n2\n")])
        self.assertEqual(lake.query("SELECT n, region, day FROM raw.sales ORDER BY n"),
                         [("1", "north", "20240501"), ("2", "south", "20240502")])

    def test_a_path_that_does_not_match_from_path_is_refused(self):
        lake = self.land("from_path: '(?<day>\\d{8})\\.csv$'\ncolumns: {n: int64}\n",
                         [("20240501.csv", "n\n1\n"), ("may.csv", "n\n2\n")])
        self.assertEqual([r["path"] for r in self.told[1]["rejected"]], ["sales/may.csv"])
        self.assertEqual(lake.query("SELECT n FROM raw.sales"), [("1",)])

    def test_identity_can_be_a_part_of_the_name(self):
        lake = self.land("identity: '_(\\d{8})\\.csv$'\ncolumns: {n: int64}\n",
                         [("first_20240501.csv", "n\n1\n"), ("second_20240501.csv", "n\n2\n"),
                          ("first_20240502.csv", "n\n4\n")])
        self.assertEqual(lake.value("SELECT sum(n) FROM raw.sales"), "6")
        self.assertEqual(lake.deliveries(), [("sales/first_20240501.csv", "superseded"),
                                             ("sales/first_20240502.csv", "active"),
                                             ("sales/second_20240501.csv", "active")])

    def test_full_contents_replace_all_earlier_ones(self):
        lake = self.land("contents: full\ncolumns: {n: int64}\n",
                         [("monday.csv", "n\n1\n2\n"), ("tuesday.csv", "n\n2\n3\n")])
        self.assertEqual(lake.query("SELECT n FROM raw.sales ORDER BY n"), [("2",), ("3",)])
        self.assertEqual(lake.deliveries(),
                         [("sales/monday.csv", "superseded"), ("sales/tuesday.csv", "active")])

    def test_redelivery_can_be_kept_besides(self):
        lake = self.land("on_redelivery: keep_both\ncolumns: {n: int64}\n",
                         [("a.csv", "n\n1\n"), ("a.csv", "n\n2\n")])
        self.assertEqual(lake.value("SELECT sum(n) FROM raw.sales"), "3")

    def test_redelivery_can_be_refused(self):
        lake = self.land("on_redelivery: reject\ncolumns: {n: int64}\n",
                         [("a.csv", "n\n1\n"), ("a.csv", "n\n2\n")])
        self.assertEqual(len(self.told[1]["rejected"]), 1)
        self.assertEqual(lake.value("SELECT sum(n) FROM raw.sales"), "1")

    def test_columns_find_their_place_by_name_and_alias(self):
        lake = self.land("columns: {a: int64, b: {type: int64, aliases: [old_b]}}\n",
                         [("new.csv", "b,a\n2,1\n"), ("old.csv", "a,old_b\n3,4\n")])
        self.assertEqual(lake.query("SELECT a, b FROM raw.sales ORDER BY a"),
                         [("1", "2"), ("3", "4")])

    def test_missing_columns_can_be_null_and_extra_ones_dropped(self):
        raw = "columns: {a: int64, b: date}\nmissing_columns: null\nextra_columns: drop\n"
        lake = self.land(raw,
                         [("a.csv", "a,z\n1,x\n"), ("b.csv", "b,a\n2024-05-01,2\n")])
        self.assertEqual(lake.query("SELECT * FROM raw.sales ORDER BY a"),
                         [("1", None), ("2", "2024-05-01")])

    def test_missing_and_extra_columns_are_refused_by_default(self):
        lake = self.land("columns: {a: int64, b: int64}\n",
                         [("few.csv", "a\n1\n"), ("many.csv", "a,b,c\n1,2,3\n")])
        rules = sorted(f["rule"] for _, report in lake.quarantine("raw.sales")
                       for f in report["failures"])
        self.assertEqual(rules, ["extra_column", "missing_column"])

    def test_headers_match_whatever_their_case_when_told_so(self):
        raw = "csv: {header_case: ignore}\ncolumns: {day: date, n: int64}\n"
        lake = self.land(raw, [("a.csv", "DAY,N\n2024-05-01,1\n")])
        self.assertEqual(lake.query("SELECT day, n FROM raw.sales"), [("2024-05-01", "1")])

    def test_other_dialects_are_declared(self):
        raw = ("csv: {delimiter: ';', quote: \"'\", encoding: latin-1, null_values: ['', n/a]}\n"
               "columns: {name: string, n: int64}\n")
        body = "name;n\n'Forl\u00ec; Cesena';n/a\n".encode("latin-1")
        lake = self.land(raw, [("a.csv", body)])
        self.assertEqual(lake.query("SELECT name, n FROM raw.sales"), [("Forlì; Cesena", None)])
        self.assertEqual(list(lake.raw_files("raw.sales").values()), [body])

    def test_values_may_hold_delimiters_quotes_and_line_ends(self):
        lake = self.land("columns: {t: string, n: int64}\n",
                         [("a.csv", 't,n\n"a, ""b""\nc",1\n')])
        self.assertEqual(lake.query("SELECT t, n FROM raw.sales"), [('a, "b"\nc', "1")])

    def test_bounds_on_rows_are_kept(self):
        self.land("rows: {min: 2, max: 3}\ncolumns: {n: int64}\n",
                  [("few.csv", "n\n1\n"), ("right.csv", "n\n1\n2\n"),
                   ("many.csv", "n\n1\n2\n3\n4\n")])
        self.assertEqual([told["accepted"] for told in self.told], [0, 1, 0])

    def test_a_file_must_not_make_thousands_of_partitions(self):
        files = sales("max_partitions_per_delivery: 2\ncolumns: {day: date, shop: string, "
                      "amount: int64}\n")
        lake = self.new_lake(files)
        lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,1", "2024-05-03,A,1"))
        lake.deliver("sales/b.csv", rows("2024-05-01,A,1", "2024-05-02,A,1"))
        told = lake.run(NOW)["deliveries"]
        self.assertEqual([r["path"] for r in told["rejected"]], ["sales/a.csv"])
        ((_, report),) = lake.quarantine("raw.sales")
        self.assertEqual([f["rule"] for f in report["failures"]], ["partitions"])

    def test_a_file_that_has_not_settled_waits(self):
        lake = self.new_lake(raw_only("settle: 1h\ncolumns: {n: int64}\n"))
        file = lake.deliver("sales/a.csv", "n\n1\n")
        told = lake.json("land")["deliveries"]
        self.assertEqual((told["accepted"], [w["path"] for w in told["waiting"]]),
                         (0, ["sales/a.csv"]))
        self.assertTrue(file.exists())


class FormatTest(LakeTest):
    def landed(self, raw, deliveries):
        lake = self.new_lake(raw_only(raw))
        for name, body in deliveries:
            lake.deliver(f"sales/{name}", body)
        told = lake.land_now(NOW)["deliveries"]
        self.assertEqual((told["accepted"], told["rejected"]), (len(deliveries), []))
        return lake

    def test_json_arrays_and_lines(self):
        raw = "columns: {a: int64, b: string}\n"
        lake = self.landed(raw, [
            ("a.json", '[{"a": 1, "b": "x"}, {"a": 2, "b": null}]'),
            ("b.jsonl", '{"a": 3, "b": "y"}\n{"b": "z", "a": 4}\n'),
            ("c.jsonl.gz", gzip.compress(b'{"a": 5, "b": "\\u00e9"}\n', mtime=0)),
        ])
        self.assertEqual(lake.query("SELECT a, b FROM raw.sales ORDER BY a"),
                         [("1", "x"), ("2", None), ("3", "y"), ("4", "z"), ("5", "é")])

    def test_parquet(self):
        made = self.new_lake({"x": ""}).dir / "made.parquet"
        oracle("COPY (SELECT DATE '2024-05-01' AS day, 'A' AS shop, 3::BIGINT AS amount) "
               f"TO {sql_text(made)} (FORMAT parquet)")
        raw = "columns: {day: date, shop: string, amount: int64}\n"
        lake = self.landed(raw, [("a.parquet", made.read_bytes())])
        self.assertEqual(lake.query("SELECT day, shop, amount FROM raw.sales"),
                         [("2024-05-01", "A", "3")])
        self.assertEqual(lake.raw_files("raw.sales"),
                         {f"file_land_timestamp={NOW}/a_{NOW}.parquet": made.read_bytes()})

    def test_opaque_files_are_only_kept(self):
        body = bytes(range(256))
        lake = self.landed("format: opaque\n", [("photo.jpg", body), ("notes", b"\xff\x00")])
        self.assertEqual(lake.raw_files("raw.sales"),
                         {f"file_land_timestamp={NOW}/photo_{NOW}.jpg": body,
                          f"file_land_timestamp={NOW}/notes_{NOW}": b"\xff\x00"})

    def test_land_time_and_file_are_columns_when_named(self):
        lake = self.landed("columns: {n: int64}\n", [("a.csv", "n\n1\n")])
        self.assertEqual(lake.query("SELECT n, file_land_timestamp, weir_file FROM raw.sales"),
                         [("1", str(NOW), "sales/a.csv")])

    def test_what_is_no_such_format_is_refused(self):
        lake = self.new_lake(raw_only("columns: {n: int64}\n"))
        bodies = {"a.parquet": b"PAR1 not really", "a.json": b"[{\"n\": 1},",
                  "a.csv.gz": b"no gzip", "a.csv.zst": b"no zstd",
                  "cut.csv.gz": gzip.compress(b"n\n1\n" * 9000)[:-40]}
        for name, body in bodies.items():
            lake.deliver(f"sales/{name}", body)
        lake.deliver("sales/good.csv", "n\n1\n")
        told = lake.land_now(NOW)["deliveries"]
        self.assertEqual(sorted(r["path"] for r in told["rejected"]),
                         sorted(f"sales/{name}" for name in bodies))
        self.assertEqual(told["accepted"], 1)
        kept = {report["file"]: file.read_bytes() for file, report in lake.quarantine("raw.sales")}
        self.assertEqual(kept, {f"sales/{name}": body for name, body in bodies.items()})


if __name__ == "__main__":
    unittest.main()
