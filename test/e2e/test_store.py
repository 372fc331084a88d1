"""A lake that moves between folders and buckets is the same lake there."""
import hashlib
import re
import signal
import subprocess
import unittest
from pathlib import Path
from urllib.parse import quote

import faulty
import gateway
from harness import MANIFESTS, NOW, LakeTest, clean_environment, oracle, sql_text, weir_path
from sales import rows, sales

HIVE = "partition_by: [day]\nprojection: hive\n"
BUCKET = f"s3://{gateway.BUCKET}"
ODD = "sales/odd ü [1] {a,b}*?.csv"
KEPT = (".weir/objects/", ".weir/journal/", ".weir/quarantine/", "file_land_timestamp=")


@unittest.skipUnless(gateway.is_there(), "no versitygw; scripts/setup test builds it, with Go")
class Moving(LakeTest):
    """Lakes with all that moves: corrections, refused files, withdrawals, retired versions."""

    rank = 0
    own_places = ("store",)

    @classmethod
    def setUpClass(cls):
        cls.service = gateway.Gateway()
        cls.addClassCleanup(cls.service.stop)

    def lake_at(self, store, layers="[raw, silver, gold]", files=None):
        files = dict(files or sales(gold__total=HIVE))
        files["lake.yaml"] = f"lake: test\nlayers: {layers}\nstore: {store}\n"
        lake = self.new_lake(files)
        lake.environment.update(self.service.variables())
        self.name_store(lake, store)
        return lake

    def name_store(self, lake, store):
        """As the user does after a copy."""
        text = (lake.dir / "lake.yaml").read_text()
        lake.write("lake.yaml", re.sub(r"(?m)^store: .*$", f"store: {store}", text))
        lake.place, lake.store = store, self.path_of(lake, store)

    def name_layers(self, lake, layers):
        text = (lake.dir / "lake.yaml").read_text()
        lake.write("lake.yaml", re.sub(r"(?m)^layers: .*$", f"layers: {layers}", text))

    def path_of(self, lake, store):
        return self.service.folder / store[5:] if "://" in store else lake.dir / store

    def live(self, lake):
        lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        lake.deliver(ODD, rows("2024-06-01,B,7"))
        lake.run(NOW)
        lake.deliver("sales/a.csv", rows("2024-05-01,A,3", "2024-05-03,A,2"))
        lake.deliver("sales/bad.csv", rows("2024-06-01,B,many"))
        lake.run(NOW + 1)
        lake.deliver("sales/c.csv", rows("2024-05-03,C,9"))
        lake.run(NOW + 2)
        lake.weir("withdraw", "sales/c.csv", "--reason", "test")
        lake.run(NOW + 3)

    def kept(self, lake):
        """Path → bytes of what has to be the same wherever the lake is."""
        top = lake.store
        return {str(p.relative_to(top)): p.read_bytes() for p in sorted(top.rglob("*"))
                if p.is_file() and any(k in str(p.relative_to(top)) for k in KEPT)}

    def facts(self, lake):
        return (lake.digests(), lake.deliveries("file, state, land_time, sha256"),
                lake.query("FROM gold.total ORDER BY ALL"),
                lake.json("history", "silver.sales", "day=2024-05-01")["versions"])

    def seen(self, lake, table, layer=None):
        """Rows of a table as plain readers of its directories or manifests see them."""
        top = (layer or lake.store / table.split(".")[0]) / table.split(".")[1]
        manifests = sorted((top / MANIFESTS).rglob("manifest"))
        files = [self.path_of(lake, line) for manifest in manifests
                 for line in manifest.read_text().splitlines()] or sorted(top.rglob("*.parquet"))
        listed = ", ".join(sql_text(f) for f in files)
        return oracle(f"FROM read_parquet([{listed}], hive_partitioning = false) ORDER BY ALL")

    def assert_moved(self, lake, facts):
        """It lives on where it is now, and nothing has to be built for that."""
        self.assertEqual(lake.json("fsck")["faults"], [])
        self.assertEqual(self.facts(lake), facts)
        done = lake.run(NOW + 4)
        self.assertIsNone(done["run"], done)

    def move(self, lake, there, *options, expect_copied=None):
        facts, kept = self.facts(lake), self.kept(lake)
        copied = lake.json("store", "copy", lake.place, there, *options)
        self.assertEqual(copied["copied_files"], expect_copied or copied["files"])
        self.assertEqual(self.kept(lake), kept)
        self.name_store(lake, there)
        self.assertEqual(self.kept(lake), kept)
        self.assert_moved(lake, facts)
        for table in ("silver.sales", "gold.total"):
            self.assertEqual(self.seen(lake, table), lake.query(f"FROM {table} ORDER BY ALL"))

    def watched(self, lake, every=0, watch=None):
        """The lake's requests go through a proxy."""
        proxy = faulty.Proxy(self.service.port, every=every)
        proxy.watch = watch
        self.addCleanup(proxy.stop)
        lake.environment.update(gateway.variables(proxy.port))
        return proxy


class StoreTest(Moving):
    def test_it_is_the_same_lake_in_a_bucket_in_another_and_in_a_folder(self):
        lake = self.lake_at("data")
        self.service.make_bucket("other-bucket")
        self.live(lake)
        for there in ("data2", f"{BUCKET}/moved/here", "s3://other-bucket/it", "data3"):
            with self.subTest(there=there):
                self.move(lake, there)
        self.assertEqual(self.service.unfinished_uploads(), [])
        self.assertEqual({p.stat().st_mode & 0o777 for p in (lake.store / "raw").rglob("*.csv")},
                         {0o444})

    def test_life_goes_on_in_the_new_place(self):
        lake = self.lake_at("data")
        self.live(lake)
        self.move(lake, f"{BUCKET}/life", "--fast")
        runs = [r["run"] for r in lake.json("log")["runs"] if r["verb"] == "run"]
        self.assertEqual(lake.value("SELECT sum(amount) FROM silver.sales"), "12")
        lake.weir("undo", "--reason", "test", runs[0])
        self.assertEqual(lake.value("SELECT sum(amount) FROM silver.sales"), "21")
        lake.weir("release", "*.*")
        lake.weir("readmit", "sales/c.csv")
        lake.deliver("sales/d.csv", rows("2024-07-01,D,1"))
        lake.run(NOW + 5)
        self.assertEqual(lake.value("SELECT sum(amount) FROM silver.sales"), "22")
        lake.weir("gc")
        self.assertEqual(lake.json("fsck")["faults"], [])
        lake.lose_ledger()
        lake.weir("ledger", "rebuild")
        lake.run(NOW + 6)
        self.assertEqual(lake.value("SELECT sum(amount) FROM silver.sales"), "22")

    def test_objects_keep_what_they_were_called_and_what_they_are(self):
        lake = self.lake_at("data")
        self.live(lake)
        lake.weir("store", "copy", "data", f"{BUCKET}/noted")
        objects = {p.relative_to(lake.store): p for place in ("raw", ".weir/quarantine")
                   for p in (lake.store / place).rglob("*.csv")}
        names = set()
        for key, path in objects.items():
            told = self.service.head(f"noted/{key}")
            self.assertEqual(told["x-amz-meta-weir-sha256"],
                             hashlib.sha256(path.read_bytes()).hexdigest())
            names.add(told["x-amz-meta-weir-name"])
        self.assertEqual(names, {"sales/a.csv", quote(ODD), "sales/bad.csv", "sales/c.csv"})

    def test_what_was_cut_off_opens_nothing_and_goes_on(self):
        lake = self.lake_at("data")
        self.live(lake)
        puts = []

        def kill_at_the_fifth(request):
            puts.append(request) if request.startswith(b"PUT ") else None
            if len(puts) == 5:
                process.kill()

        proxy = self.watched(lake, watch=kill_at_the_fifth)
        with subprocess.Popen([weir_path(), "store", "copy", "data", f"{BUCKET}/killed"],
                              cwd=lake.dir, stderr=subprocess.DEVNULL,
                              env=clean_environment(**lake.environment)) as process:
            process.wait()
        self.assertEqual(process.returncode, -signal.SIGKILL)
        proxy.watch = None
        self.name_store(lake, f"{BUCKET}/killed")
        refused = lake.weir("run", "-o", "json", expect=2)
        self.assert_error(refused, f"{BUCKET}/killed", "lake.json")
        self.name_store(lake, "data")
        lake.deliver("sales/d.csv", rows("2024-07-01,D,1"))
        lake.run(NOW + 4)
        files = lake.json("store", "copy", "-n", "data", f"{BUCKET}/killed")
        self.assertIn(files["files"] - files["copied_files"], (4, 5))
        self.move(lake, f"{BUCKET}/killed", expect_copied=files["copied_files"])

    def test_a_copy_is_brought_up_to_date(self):
        lake = self.lake_at("data")
        self.live(lake)
        first = lake.json("store", "copy", "data", "copy")
        self.assertEqual(lake.json("store", "copy", "data", "copy")["copied_files"], 0)
        lake.deliver("sales/d.csv", rows("2024-07-01,D,1"))
        lake.run(NOW + 4)
        second = lake.json("store", "copy", "data", "copy")
        self.assertEqual(second["files"], first["files"] + second["copied_files"])
        lake.deliver("sales/e.csv", rows("2024-07-02,D,1"))
        self.name_store(lake, "copy")
        lake.run(NOW + 5)
        self.name_store(lake, "data")
        refused = lake.weir("run", "-o", "json", expect=2)
        self.assert_error(refused, "journal")

    def test_every_seventh_request_may_fail(self):
        lake = self.lake_at("data")
        self.live(lake)
        proxy = self.watched(lake, every=7)
        lake.environment["WEIR_S3_TIMEOUT"] = "1s"
        for there in (f"{BUCKET}/faulty/one", f"{BUCKET}/faulty/two", "back"):
            with self.subTest(there=there):
                self.move(lake, there)
        self.assertEqual({way for way, _ in proxy.failed}, set(faulty.WAYS), proxy.failed)
        print(f"{len(proxy.failed)} of {proxy.count} requests failed")

    def test_no_run_is_at_work_meanwhile(self):
        lake = self.lake_at("data")
        self.live(lake)
        told = []

        def run_once(request):
            if request.startswith(b"PUT ") and not told:
                told.append(None)
                told.append(lake.call("gc", "-o", "json"))

        self.watched(lake, watch=run_once)
        lake.weir("store", "copy", "data", f"{BUCKET}/alone")
        self.assertEqual(told[1].code, 4, told[1])

    def test_a_dry_run_makes_nothing(self):
        lake = self.lake_at("data")
        self.live(lake)
        before = lake.state()
        told = lake.json("store", "copy", "--dry-run", "data", "elsewhere/x")
        self.assertEqual(told["files"], told["copied_files"])
        self.assertEqual(told["layers"], ["raw", "silver", "gold"])
        self.assertEqual(lake.json("store", "copy", "-n", "data", f"{BUCKET}/dry")["files"],
                         told["files"])
        self.assertEqual(lake.state(), before)
        self.assertFalse((lake.dir / "elsewhere").exists())
        self.assertFalse((self.service.bucket() / "dry").exists())

    def test_places_that_cannot_be_are_refused(self):
        lake = self.lake_at("data")
        self.live(lake)
        other = self.lake_at(f"{BUCKET}/of-another")
        self.live(other)
        for arguments, words in ((("data", "data/x"), ["apart"]), (("data", "."), ["apart"]),
                                 (("data", "land/x"), ["land"]), (("nothing", "x"), ["nothing"]),
                                 (("data", "data"), ["apart"]), (("data",), ["FROM TO"]),
                                 (("data", f"{BUCKET}/of-another"), ["another lake"]),
                                 (("data", "ftp://x/y"), ["ftp"])):
            with self.subTest(arguments=arguments):
                refused = lake.weir("store", "copy", *arguments, "-o", "json", expect=2)
                self.assert_error(refused, *words)

    def test_what_is_damaged_is_not_taken_for_whole(self):
        lake = self.lake_at("data")
        self.live(lake)
        raw = sorted((lake.store / "raw").rglob("*.csv"))[0]
        body = raw.read_bytes()
        raw.chmod(0o644)
        raw.write_bytes(body.replace(b"A", b"B"))
        refused = lake.weir("store", "copy", "data", f"{BUCKET}/damaged", "-o", "json", expect=1)
        self.assert_error(refused, raw.name, "fsck")
        raw.unlink()
        refused = lake.weir("store", "copy", "data", f"{BUCKET}/damaged", "-o", "json", expect=1)
        self.assert_error(refused, raw.name, "fsck")
        raw.write_bytes(body)
        raw.chmod(0o444)
        (table, *_) = (lake.store / "gold" / ".weir").rglob("*.parquet")
        lake.weir("store", "copy", "--fast", "data", f"{BUCKET}/damaged")
        copy = self.service.bucket() / "damaged" / table.relative_to(lake.store)
        copy.write_bytes(bytes(copy.stat().st_size))
        refused = lake.weir("store", "copy", "data", f"{BUCKET}/damaged", "-o", "json", expect=1)
        self.assert_error(refused, table.name, "altered")

    def test_what_a_table_had_that_is_defined_no_more_moves_too(self):
        lake = self.lake_at("data")
        self.live(lake)
        for path in ("sql", "yaml"):
            (lake.dir / f"tables/gold/total.{path}").unlink()
        refused = lake.weir("store", "copy", "data", "there", "-o", "json", expect=2)
        self.assert_error(refused, "weir run")
        lake.run(NOW + 4)
        lake.weir("store", "copy", "data", "there")
        self.name_store(lake, "there")
        self.assertEqual(lake.json("fsck")["faults"], [])
        self.assertEqual(len(self.seen(lake, "gold.total")), 3)


class LayerTest(Moving):
    def test_a_layer_moves_by_itself_and_back(self):
        lake = self.lake_at("data")
        self.live(lake)
        facts = self.facts(lake)
        gold = self.service.bucket() / "gold-only"
        copied = lake.json("store", "copy", "data/gold", f"{BUCKET}/gold-only")
        self.assertEqual(copied["layers"], ["gold"])
        self.name_layers(lake, f"[raw, silver, {{gold: {{store: '{BUCKET}/gold-only'}}}}]")
        self.assert_moved(lake, facts)
        self.assertEqual(self.seen(lake, "gold.total", gold),
                         lake.query("FROM gold.total ORDER BY ALL"))
        for path in sorted((lake.store / "gold").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        self.assert_moved(lake, facts)
        said = lake.weir("store", "copy", f"{BUCKET}/gold-only", "data/gold").err
        self.assertIsNotNone(said)
        self.name_layers(lake, "[raw, silver, gold]")
        self.assert_moved(lake, facts)

    def own(self, place):
        return f"[raw, silver, {{gold: {{store: '{BUCKET}/{place}'}}}}]"

    def test_two_lakes_do_not_share_a_layers_store(self):
        first, second = (self.lake_at("data", self.own("shared")) for _ in range(2))
        self.live(first)
        second.deliver("sales/a.csv", rows("2024-05-01,A,1"))
        refused = second.weir("run", "-o", "json", expect=2)
        self.assert_error(refused, f"{BUCKET}/shared", "gold", "belongs to")
        self.assertFalse(second.land_is_empty())
        first.run(NOW + 4)
        self.assertEqual(first.json("fsck")["faults"], [])
        self.name_layers(second, self.own("not-shared"))
        second.run(NOW)
        copied = second.weir("store", "copy", f"{BUCKET}/not-shared", f"{BUCKET}/shared", "-o",
                             "json", expect=2)
        self.assert_error(copied, "belongs to")

    def test_two_layers_do_not_share_a_store(self):
        own = f"{{store: '{BUCKET}/one'}}"
        lake = self.lake_at("data", f"[raw, {{silver: {own}}}, {{gold: {own}}}]")
        refused = lake.weir("run", "-o", "json", expect=2)
        self.assert_error(refused, "belongs to layer", "silver")

    def test_a_layers_store_that_has_not_its_files_is_not_opened(self):
        lake = self.lake_at("data")
        self.live(lake)
        self.name_layers(lake, self.own("empty"))
        for verb in ("run", "status", "fsck"):
            refused = lake.weir(verb, "-o", "json", expect=2)
            self.assert_error(refused, f"{BUCKET}/empty", "weir store copy")
        self.assertFalse((self.service.bucket() / "empty").exists())
        self.name_layers(lake, "[raw, silver, gold]")
        lake.weir("store", "copy", "data/gold", f"{BUCKET}/empty")
        marker = self.service.bucket() / "empty/.weir/layer.json"
        text = marker.read_text()
        marker.unlink()
        self.name_layers(lake, self.own("empty"))
        self.assert_error(lake.weir("run", "-o", "json", expect=2), "layer.json", "put back")
        marker.write_text(text)
        self.assertIsNone(lake.run(NOW + 4)["run"])

    def test_a_layer_with_a_place_of_its_own_stays_there(self):
        lake = self.lake_at("data", f"[raw, {{silver: {{store: '{BUCKET}/stays'}}}}, gold]")
        self.live(lake)
        facts = self.facts(lake)
        copied = lake.json("store", "copy", "data", f"{BUCKET}/rest")
        self.assertEqual(copied["layers"], ["raw", "gold"])
        self.name_store(lake, f"{BUCKET}/rest")
        self.assert_moved(lake, facts)
        self.assertFalse((lake.store / "silver").exists())


if __name__ == "__main__":
    unittest.main()
