"""Bad input: a clear error that says what to do, nothing lost, and everything else goes on."""
import hashlib
import os
import shutil
import sqlite3
import subprocess
import threading
import unittest
from pathlib import Path

import places
from harness import NOW, LakeTest, clean_environment, local_only, weir_path
from sales import RAW, SILVER, raw_only, rows, sales

GOOD = rows("2024-05-01,A,1", "2024-05-02,B,2")
NOBODY = 65534


def is_root():
    return os.geteuid() == 0


def sha256(body):
    return hashlib.sha256(body).hexdigest()


class DeliveryTest(LakeTest):
    """Files that nobody should deliver. Beside each lies a good one, which must be taken."""

    files = sales()

    def run_beside_a_good_file(self, **options):
        self.lake.deliver("sales/good.csv", GOOD)
        document = self.lake.run(NOW, **options)
        built = self.lake.query("SELECT day FROM gold.total WHERE day < DATE '2024-05-03'")
        self.assertEqual(len(built), 2)
        return document

    def rejected(self, body, rule, name="bad.csv"):
        """The file is refused by the rule, kept in quarantine as it was; its report."""
        self.lake.deliver(f"sales/{name}", body)
        document = self.run_beside_a_good_file()
        self.assertEqual([r["path"] for r in document["deliveries"]["rejected"]], [f"sales/{name}"])
        ((file, report),) = self.lake.quarantine("raw.sales")
        self.assertEqual(file.read_bytes(), body)
        self.assertEqual({f["rule"] for f in report["failures"]}, {rule})
        return report["failures"]

    def left_in_land(self, told):
        """What is told of the files that were not taken."""
        return {r["path"]: r["reason"] for r in told["rejected"] + told["failed"] + told["unknown"]}

    def test_a_file_that_is_not_utf8(self):
        (failure,) = self.rejected(b"day,shop,amount\n2024-05-01,A,1\n2024-05-01,Forl\xec,1\n",
                                   "encoding")
        self.assertEqual(failure["line"], 3)

    def test_an_empty_file(self):
        (failure,) = self.rejected(b"", "rows")
        self.assertIn("empty", failure["message"])

    def test_a_header_without_rows(self):
        self.rejected(b"day,shop,amount\n", "rows")

    def test_rows_with_a_value_too_few(self):
        (failure,) = self.rejected(b"day,shop,amount\n2024-05-01,A,1\n2024-05-01,A\n", "ragged")
        self.assertEqual((failure["line"], failure["count"]), (3, 1))

    def test_rows_with_a_value_too_many(self):
        (failure,) = self.rejected(b"day,shop,amount\n2024-05-01,A,1,x\n2024-05-01,A,2\n", "ragged")
        self.assertEqual(failure["line"], 2)

    def test_a_quote_that_never_closes(self):
        self.lake.deliver("sales/bad.csv", b'day,shop,amount\n2024-05-01,"A,1\n2024-05-01,B,2\n')
        document = self.run_beside_a_good_file()
        self.assertEqual(len(document["deliveries"]["rejected"]), 1)

    def test_bytes_that_are_no_text(self):
        self.lake.deliver("sales/bad.csv", bytes(range(256)) * 8)
        document = self.run_beside_a_good_file()
        self.assertEqual(len(document["deliveries"]["rejected"]), 1)

    def test_a_header_with_a_column_twice(self):
        self.lake.deliver("sales/bad.csv", "day,shop,amount,amount\n2024-05-01,A,1,2\n")
        document = self.run_beside_a_good_file()
        self.assertEqual(len(document["deliveries"]["rejected"]), 1)

    def test_many_bad_rows_are_counted_and_some_are_shown(self):
        body = rows(*(f"2024-05-01,A,x{n}" for n in range(5000))).encode()
        failures = self.rejected(body, "type")
        self.assertLessEqual(len(failures), 101)
        self.assertEqual(sum(f["count"] for f in failures), 5000)

    def test_names_with_spaces_quotes_newlines_and_signs(self):
        names = ["a b.csv", "it's \"quoted\".csv", "two\nlines.csv", "k=v.csv", "-rf.csv", "*.csv",
                 "[x]{y}?.csv", "a:b.csv", "Zürich.csv", "%2F.csv", "back\\slash.csv",
                 "x;y$(z).csv"]
        for n, name in enumerate(names):
            self.lake.deliver(f"sales/{name}", rows(f"2024-06-01,{n},{2 ** n}"))
        document = self.run_beside_a_good_file()
        self.assertEqual(document["deliveries"]["rejected"], [])
        self.assertEqual(document["deliveries"]["accepted"], len(names) + 1)
        total = self.lake.value("SELECT total FROM gold.total WHERE day = DATE '2024-06-01'")
        self.assertEqual(total, str(2 ** len(names) - 1))
        self.assertTrue(self.lake.land_is_empty())
        for path in self.lake.raw_files("raw.sales"):
            name = path.split("/", 1)[1]
            self.assertTrue(name[0].isascii() and name[0].isalnum(), name)
            self.assertTrue(set(":*?[{\n").isdisjoint(name), name)
        told = {file for file, _ in self.lake.deliveries()}
        self.assertLessEqual({f"sales/{name}" for name in names}, told)

    def test_a_name_that_is_no_utf8(self):
        folder = os.fsencode(self.lake.land / "sales")
        os.makedirs(folder)
        with open(folder + b"/caf\xe9.csv", "wb") as file:
            file.write(rows("2024-06-01,A,1").encode())
        self.run_beside_a_good_file()
        kept = {sha256(b) for b in self.lake.raw_files("raw.sales").values()}
        left = [p for p in os.listdir(folder)]
        self.assertTrue(sha256(rows("2024-06-01,A,1").encode()) in kept or left == [b"caf\xe9.csv"])

    def test_symbolic_links_are_not_followed(self):
        secret = self.lake.write("secret.csv", rows("2024-05-09,S,99"))
        folder = self.lake.write("elsewhere/inner.csv", rows("2024-05-08,S,99")).parent
        (self.lake.land / "sales").mkdir()
        (self.lake.land / "sales" / "link.csv").symlink_to(secret)
        (self.lake.land / "sales" / "linked").symlink_to(folder)
        document = self.run_beside_a_good_file()
        self.assertIn("sales/link.csv", self.left_in_land(document["deliveries"]))
        self.assertEqual(len(self.lake.raw_files("raw.sales")), 1)
        self.assertTrue((self.lake.land / "sales" / "link.csv").is_symlink())
        self.assertTrue(secret.exists())

    def test_a_land_folder_that_is_a_link_elsewhere_is_not_followed(self):
        folder = self.lake.write("elsewhere/inner.csv", rows("2024-05-08,S,99")).parent
        (self.lake.land / "sales").symlink_to(folder)
        self.lake.call("run", "--now", NOW, "-o", "json")
        self.assertTrue((folder / "inner.csv").exists())

    def test_pipes_are_not_waited_for(self):
        (self.lake.land / "sales").mkdir()
        os.mkfifo(self.lake.land / "sales" / "pipe.csv")
        document = self.run_beside_a_good_file()
        self.assertIn("sales/pipe.csv", self.left_in_land(document["deliveries"]))
        self.assertTrue((self.lake.land / "sales" / "pipe.csv").is_fifo())

    def test_a_folder_with_the_name_of_a_file(self):
        (self.lake.land / "sales" / "x.csv").mkdir(parents=True)
        document = self.run_beside_a_good_file()
        self.assertEqual(document["deliveries"]["rejected"], [])

    def test_a_file_where_the_tables_folder_should_be(self):
        lake = self.new_lake(raw_only(raw__other=RAW))
        (lake.land / "other").write_text(GOOD)
        lake.deliver("sales/good.csv", GOOD)
        document = lake.land_now(NOW)
        self.assertEqual(document["deliveries"]["accepted"], 1)
        self.assertTrue((lake.land / "other").is_file())

    def test_a_land_folder_that_is_not_there(self):
        self.lake.land.rmdir()
        self.lake.run(NOW)
        self.run_beside_a_good_file()

    def test_a_file_that_is_written_while_it_is_taken(self):
        """Whole or not at all: what is kept is what its hash says, and all is kept at last."""
        path = self.lake.deliver("sales/growing.csv", "day,shop,amount\n")
        stop = threading.Event()
        lines = self.write_until(path, stop)
        self.run_beside_a_good_file()
        stop.set()
        lines.join()
        known = self.lake.query("SELECT sha256 FROM weir.delivery")
        for file, body in self.lake.raw_files("raw.sales").items():
            self.assertIn((sha256(body),), known, file)
        self.lake.run(NOW + 10)
        self.assertTrue(self.lake.land_is_empty())

    def write_until(self, path, stop):
        def work():
            with open(path, "ab", buffering=0) as file:
                while not stop.is_set():
                    file.write(b"2024-06-01,A,1\n")
        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def test_a_file_that_cannot_be_read(self):
        lake = NobodysLake.make(self)
        secret = lake.deliver("sales/secret.csv", GOOD)
        secret.chmod(0)
        lake.deliver("sales/good.csv", GOOD)
        lake.give_away()
        document = lake.run(NOW, expect=1)
        self.assertEqual(document["deliveries"]["accepted"], 1)
        self.assertIn("sales/secret.csv", self.left_in_land(document["deliveries"]))
        self.assertTrue(secret.exists())


class NobodysLake:
    """A lake whose weir runs without root's rights, so that permissions mean something."""

    @staticmethod
    def make(test):
        lake = test.new_lake(sales())
        lake.dir.parent.chmod(0o755)

        def call(*args, env=None, **_):
            from harness import Result
            command = [weir_path(), *map(str, args)]
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if is_root() else {}
            try:
                done = subprocess.run(command, capture_output=True, cwd=lake.dir, check=False,
                                      env=clean_environment(**lake.environment, **(env or {})),
                                      timeout=120, **user)
            except PermissionError:
                test.skipTest("the binary is where user nobody cannot reach it")
            if b"weir-duckdb" in done.stderr and b"ermission denied" in done.stderr:
                test.skipTest("the worker is where user nobody cannot reach it")
            return Result(command, done)

        def give_away():
            if is_root():
                for path in [lake.dir, *lake.dir.rglob("*")]:
                    os.chown(path, NOBODY, NOBODY)

        lake.call = call
        lake.give_away = give_away
        lake.give_away()
        return lake


class FullDiskTest(LakeTest):
    files = sales()

    @local_only("the disk of a bucket is the service's")
    def test_a_full_disk_loses_nothing_and_heals(self):
        body = rows(*(f"2024-05-{1 + n % 28:02},{hashlib.md5(str(n).encode()).hexdigest()},{n}"
                      for n in range(60000)))
        self.lake.run(NOW)
        self.lake.deliver("sales/big.csv", body)
        shutil.rmtree(self.lake.store)
        script = f"""set -e
            mount -t tmpfs -o size=1m none data 2>/dev/null || exit 77
            cp -a ../kept/. data/
            set +e
            {weir_path()} run --now {NOW + 1} -o json >first.json 2>first.err
            echo $? >first.code
            find land data -type f | sort >first.files
            mount -o remount,size=200m data
            {weir_path()} run --now {NOW + 2} -o json >second.json 2>second.err
            echo $? >second.code
            find land data -type f -size +1000k | sort >second.files
            {weir_path()} query -o csv "SELECT sum(total) FROM gold.total" >sum.csv 2>sum.err
            cp -r data data.kept"""
        self.lake.store.mkdir()
        done = self.in_namespace(script)
        if done.returncode == 77 or b"Operation not permitted" in done.stderr:
            self.skipTest("no right to mount a small file system")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_full_disk()
        self.check_healed(body)

    def in_namespace(self, script):
        kept = self.lake.dir.parent / "kept"
        kept.mkdir()
        fresh = self.new_lake(sales())
        fresh.run(NOW)
        shutil.copytree(fresh.store, kept, dirs_exist_ok=True)
        shutil.copytree(fresh.dir / ".weir", self.lake.dir / ".weir", dirs_exist_ok=True)
        if not shutil.which("unshare"):
            self.skipTest("no unshare")
        return subprocess.run(["unshare", "--mount", "sh", "-c", script], cwd=self.lake.dir,
                              env=clean_environment(), capture_output=True, timeout=300,
                              check=False)

    def read(self, name):
        return (self.lake.dir / name).read_text(errors="replace")

    def check_full_disk(self):
        self.assertEqual(self.read("first.code").strip(), "1", self.read("first.err"))
        told = self.read("first.json") + self.read("first.err")
        self.assertIn("space", told)
        self.assertNotIn("file_land_timestamp", self.read("first.files"))
        self.assertIn("big.csv", self.read("first.files"))

    def check_healed(self, body):
        self.assertEqual(self.read("second.code").strip(), "0",
                         self.read("second.json") + self.read("second.err"))
        total = sum(range(60000))
        self.assertIn(str(total), self.read("sum.csv"), self.read("sum.err"))
        (kept,) = (self.lake.dir / "data.kept").rglob("big_*.csv")
        self.assertEqual(sha256(kept.read_bytes()), sha256(body.encode()))


class RefusedLedgerTest(LakeTest):
    """A ledger that is none, or not the lake's: refused, and nothing is taken."""
    files = sales()

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", GOOD)
        self.lake.run(NOW)
        self.waiting = self.lake.deliver("sales/b.csv", rows("2024-05-03,A,1"))

    def assert_refused(self, code, *words):
        for verb in (("run", "--now", NOW + 1), ("status",)):
            result = self.lake.call(*verb, "-o", "json")
            self.assertEqual(result.code, code, result)
            self.assert_error(result, *words)
        self.assertTrue(self.waiting.exists())


class LedgerTest(RefusedLedgerTest):
    def test_the_ledger_of_another_lake_is_refused(self):
        other = self.new_lake(sales())
        other.run(NOW)
        self.lake.use_ledger_of(other)
        before = other.ledger_rows()
        self.assert_refused(2, "ledger")
        self.assertEqual(other.ledger_rows(), before)

    def test_a_store_without_its_ledger_is_refused(self):
        self.lake.lose_ledger()
        result = self.lake.call("run", "-o", "json")
        self.assertEqual(result.code, 2, result)
        self.assert_error(result, "ledger")
        self.assertTrue(self.waiting.exists())
        self.assertEqual(len(self.lake.raw_files("raw.sales")), 1)

    def test_a_ledger_of_a_newer_weir_is_refused(self):
        self.lake.change_ledger("UPDATE weir_schema SET version = version + 1000"
                                if places.on_postgres() else "PRAGMA user_version = 1000")
        self.assert_refused(2, "newer")


@places.needs_ledger_file
class LedgerFileTest(RefusedLedgerTest):
    """The same of its file, which stays as it is."""

    def setUp(self):
        super().setUp()
        self.ledger = self.lake.dir / ".weir" / "ledger.db"

    def replace_ledger(self, body):
        for path in self.ledger.parent.glob("ledger.db-*"):
            path.unlink()
        self.ledger.write_bytes(body)

    def assert_refused(self, code, *words):
        before = self.ledger.read_bytes()
        super().assert_refused(code, *words)
        self.assertEqual(self.ledger.read_bytes(), before)

    def test_text_is_not_a_ledger(self):
        self.replace_ledger(b"not a ledger\n" * 1000)
        self.assert_refused(2, "ledger.db")

    def test_a_database_of_another_program_is_not_a_ledger(self):
        self.ledger.unlink()
        self.replace_ledger(b"")
        with sqlite3.connect(self.ledger) as other:
            other.execute("CREATE TABLE lake (x)")
            other.execute("PRAGMA user_version = 3")
        other.close()
        self.assert_refused(2, "ledger.db")

    def test_a_ledger_that_can_only_be_read(self):
        lake = NobodysLake.make(self)
        lake.run(NOW)
        file = lake.deliver("sales/a.csv", GOOD)
        lake.give_away()
        for path in [*(lake.dir / ".weir").glob("ledger.db*"), lake.dir / ".weir"]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        result = lake.call("run", "-o", "json")
        self.assertEqual(result.code, 1, result)
        self.assert_error(result, "ledger")
        self.assertTrue(file.exists())
        self.assertEqual(lake.raw_files("raw.sales"), {})


class DefinitionTest(LakeTest):
    """Definitions that are wrong: exit 2, the place and the remedy; nothing touched."""

    def refused(self, path, text, *words, base=None):
        """With this file in the lake, nothing is taken; the error's document."""
        lake = self.new_lake({**(base or sales()), path: text})
        waiting = lake.deliver("sales/a.csv", GOOD)
        state = lake.state()
        result = lake.call("run", "-o", "json")
        self.assertEqual(result.code, 2, result)
        error = self.assert_error(result, *words)
        self.assertTrue(waiting.exists())
        self.assertFalse((lake.store / "raw").exists())
        self.assertEqual(set(state) - set(lake.state()), set())
        return error

    def place(self, error):
        return error["file"], error["line"], error["column"]

    def test_a_typo_in_sql(self):
        error = self.refused("tables/silver/sales.sql",
                             "SELECT day, shop,\n  amuont\nFROM raw.sales\n", "amuont", "amount")
        self.assertEqual(self.place(error), ("tables/silver/sales.sql", 2, 3))

    def test_sql_that_is_no_sql(self):
        error = self.refused("tables/silver/sales.sql", "SELECT day,\nFROM FROM raw.sales\n")
        self.assertEqual(self.place(error)[:2], ("tables/silver/sales.sql", 2))

    def test_an_input_that_is_not_there(self):
        error = self.refused("tables/silver/sales.sql", "SELECT day, shop, amount\nFROM raw.sale\n",
                             "raw.sale", "raw.sales")
        self.assertEqual(self.place(error)[:2], ("tables/silver/sales.sql", 2))

    def test_an_unknown_key(self):
        error = self.refused("tables/raw/sales.yaml", RAW + "\nmising_columns: null\n",
                             "mising_columns", "missing_columns")
        self.assertEqual(self.place(error)[0], "tables/raw/sales.yaml")
        self.assertEqual(error["line"], RAW.count("\n") + 2)

    def test_a_key_of_a_later_version_is_named(self):
        self.refused("tables/silver/sales.yaml", "partition_by: [day]\naudit: {a: started_at}\n",
                     "audit", "yet")

    def test_a_wrong_type(self):
        self.refused("tables/raw/sales.yaml", "columns: {day: date, shop: strnig, amount: int64}\n",
                     "strnig", "string")

    def test_yaml_that_is_no_yaml(self):
        error = self.refused("tables/silver/sales.yaml", "partition_by: [day\n")
        self.assertEqual(error["file"], "tables/silver/sales.yaml")

    def test_a_duplicate_key(self):
        self.refused("tables/silver/sales.yaml", "partition_by: [day]\npartition_by: [shop]\n",
                     "partition_by")

    def test_a_cycle(self):
        base = sales(gold__a_sql="SELECT day FROM gold.b\n", gold__b_sql="SELECT day FROM gold.a\n")
        self.refused("tables/gold/c.sql", "SELECT day FROM silver.sales\n", "gold.a", "gold.b",
                     base=base)

    def test_a_layer_read_backwards(self):
        self.refused("tables/silver/late.sql", "SELECT day, total FROM gold.total\n", "gold.total")

    def test_a_partition_column_that_the_result_lacks(self):
        self.refused("tables/gold/total.yaml", "partition_by: [dya]\n", "dya", "day")

    def test_a_grouping_without_the_partition_column_needs_a_map(self):
        self.refused("tables/gold/total.sql",
                     "SELECT max(day) AS day, shop, sum(amount) AS total FROM silver.sales "
                     "GROUP BY shop\n", "map")

    def test_functions_that_read_files_are_refused(self):
        for sql in ("SELECT day FROM read_csv('x.csv')", "SELECT day FROM 'x.csv'",
                    "SELECT day FROM raw.sales, glob('/etc/*')"):
            with self.subTest(sql):
                self.refused("tables/silver/sales.sql", sql + "\n")

    def test_functions_that_change_by_themselves_are_refused(self):
        for call in ("now()", "random()", "uuid()", "current_date"):
            with self.subTest(call):
                self.refused("tables/silver/sales.sql",
                             SILVER.replace("shop", f"cast({call} AS varchar) AS shop"))

    def test_statements_that_are_no_select_are_refused(self):
        for sql in ("CREATE TABLE x AS SELECT 1", "SELECT 1; SELECT 2", "SET threads = 1", ""):
            with self.subTest(sql):
                self.refused("tables/silver/sales.sql", sql + "\n")

    def test_a_folder_where_a_file_should_be(self):
        lake = self.new_lake(sales())
        (lake.dir / "tables/gold/total.yaml").unlink()
        (lake.dir / "tables/gold/total.yaml").mkdir()
        result = lake.call("validate", "-o", "json")
        self.assertEqual(result.code, 2, result)
        self.assertIn("total.yaml", result.out + result.err)

    def test_a_lake_file_that_is_not_there(self):
        lake = self.new_lake({"notes.txt": ""})
        result = lake.call("run", "-o", "json")
        self.assertEqual(result.code, 2, result)
        self.assert_error(result, "lake.yaml", "init")

    def test_a_definition_that_is_no_utf8(self):
        lake = self.new_lake(sales())
        lake.write("tables/silver/sales.sql", b"SELECT day, '\xec' AS shop FROM raw.sales\n")
        result = lake.call("validate", "-o", "json")
        self.assertEqual(result.code, 2, result)
        self.assertIn("sales.sql", result.out + result.err)


class CommandTest(LakeTest):
    files = sales()

    def test_a_file_to_try_that_is_not_there(self):
        result = self.lake.call("land", "--try", "raw.sales", "nope.csv", "-o", "json")
        self.assertEqual(result.code, 1, result)
        self.assert_error(result, "nope.csv")

    def test_a_folder_to_try(self):
        result = self.lake.call("land", "--try", "raw.sales", "tables", "-o", "json")
        self.assertNotEqual(result.code, 0, result)
        self.assert_error(result, "tables")

    def test_a_query_that_is_wrong(self):
        self.lake.run(NOW)
        for sql, word in (("SELECT dya FROM silver.sales", "dya"),
                          ("SELECT * FROM silver.sale", "silver.sale"), ("SELEC 1", "SELEC")):
            result = self.lake.call("query", sql, "-o", "json")
            self.assertEqual(result.code, 2, result)
            self.assertIn(word, str(result.error))

    def test_a_query_cannot_leave_the_lake(self):
        self.lake.run(NOW)
        secret = self.lake.write("secret.csv", "a\n1\n")
        for sql in (f"FROM read_csv('{secret}')", f"FROM '{secret}'", "SELECT 1; SELECT 2",
                    "COPY (SELECT 1) TO 'out.csv'", "ATTACH 'x.db'", "SELECT * FROM glob('/etc/*')",
                    "INSTALL httpfs", "SET threads = 1"):
            result = self.lake.call("query", sql, "-o", "json")
            self.assertNotEqual(result.code, 0, result)
        self.assertFalse((self.lake.dir / "out.csv").exists())
        self.assertFalse(Path(self.lake.dir / "x.db").exists())

    def test_a_worker_that_is_not_there(self):
        self.lake.deliver("sales/a.csv", GOOD)
        result = self.lake.call("run", "-o", "json", env={"WEIR_WORKER": "/nonexistent"})
        self.assertNotEqual(result.code, 0, result)
        self.assert_error(result, "/nonexistent")


if __name__ == "__main__":
    unittest.main()
