"""A lake in a bucket: the same lake as in a folder, and nothing left or told that should not be.

The whole suite runs over a bucket with WEIR_TEST_STORE=s3; this is what every `make test` looks at.
"""
import hashlib
import os
import signal
import subprocess
import unittest
from datetime import date
from pathlib import Path

import canary
import faulty
import gateway
from harness import NOW, LakeTest, clean_environment, oracle, weir_path
from sales import raw_only, rows, sales

DAYS = [f"2024-05-{day:02}" for day in range(1, 7)]
HIVE = "partition_by: [day]\nprojection: hive\n"
REQUESTS_PER_REBUILD_MAX = 40
SIZES = (5, 2), (200, 20)  # partitions and raw files of a smaller and a larger lake
FIRST_DAY = date(2024, 1, 1).toordinal()
LARGE_BYTES = 20_000_001  # several parts


def month(amount):
    return rows(*(f"{day},A,{amount + n}" for n, day in enumerate(DAYS)))


@unittest.skipUnless(gateway.is_there(), "no versitygw; scripts/setup test builds it, with Go")
class BucketTest(LakeTest):
    rank = 0
    own_places = ("store",)

    @classmethod
    def setUpClass(cls):
        cls.service = gateway.Gateway()
        cls.addClassCleanup(cls.service.stop)

    def bucket_lake(self, prefix, files=None):
        """A lake whose store is below this prefix of the service's bucket."""
        files = dict(files or sales(gold__total=HIVE))
        files["lake.yaml"] += f"store: s3://{gateway.BUCKET}/{prefix}\n"
        lake = self.new_lake(files)
        lake.prefix = prefix
        lake.store = self.service.bucket() / prefix
        lake.environment.update(self.service.variables())
        return lake

    def folder_lake(self):
        return self.new_lake({**sales(), "lake.yaml": sales()["lake.yaml"] + "store: data\n"})

    def follow(self, lake):
        """Two deliveries, a correction, a refused file, a withdrawal."""
        lake.deliver("sales/a.csv", month(1))
        lake.deliver("sales/odd [1] {a,b}*?.csv", rows("2024-06-01,B,7"))
        lake.run(NOW)
        lake.deliver("sales/a.csv", month(2))
        lake.deliver("sales/bad.csv", rows("2024-06-01,B,many"))
        lake.run(NOW + 1)
        lake.deliver("sales/c.csv", rows("2024-05-03,C,9"))
        lake.run(NOW + 2)
        lake.weir("withdraw", "sales/c.csv", "--reason", "test")
        lake.run(NOW + 3)

    def test_it_is_the_lake_that_it_would_be_in_a_folder(self):
        here, there = self.folder_lake(), self.bucket_lake("same")
        for lake in (here, there):
            self.follow(lake)
        self.assertEqual(here.digests(), there.digests())
        self.assertEqual(here.deliveries("file, state, land_time, sha256"),
                         there.deliveries("file, state, land_time, sha256"))
        self.assertEqual(here.raw_files("raw.sales"), there.raw_files("raw.sales"))
        for table in ("silver.sales", "gold.total"):  # a manifest, and copies
            self.assertEqual(*(oracle(f"FROM {lake.hive(table)} ORDER BY ALL")
                               for lake in (here, there)))
            self.assertEqual(here.partitions(table), there.partitions(table))
        self.assertEqual(there.json("fsck")["faults"], [])
        there.weir("gc")
        self.assertEqual(self.service.unfinished_uploads(), [])
        self.assertEqual([p for p in (there.store / ".weir").rglob("staging/*")], [])

    def test_what_is_altered_in_the_bucket_is_found(self):
        lake = self.bucket_lake("altered")
        lake.deliver("sales/a.csv", month(1))
        lake.run(NOW)
        (raw,) = (lake.store / "raw").rglob("*.csv")
        raw.write_bytes(raw.read_bytes().replace(b"A", b"B", 1))
        (manifest, *_) = (lake.store / "silver" / "sales").rglob("manifest")
        manifest.write_text("s3://elsewhere/x\n")
        (gone, *_) = (lake.store / "silver" / ".weir" / "objects").rglob("*.parquet")
        gone.unlink()
        told = {f["kind"] for f in lake.json("fsck", expect=1)["faults"]}
        self.assertEqual(told, {"altered", "directory", "missing"})

    def test_rebuilding_a_partition_takes_as_many_requests_in_a_larger_lake(self):
        counts = []
        for days, files in SIZES:
            lake = self.bucket_lake(f"size{days}", {k: v for k, v in sales().items()
                                                    if "gold." not in k and "gold/" not in k})
            for file in range(files):
                own = (date.fromordinal(FIRST_DAY + n) for n in range(file, days, files))
                lake.deliver(f"sales/{file}.csv", rows(*(f"{day},A,1" for day in own)))
            lake.run(NOW)
            before = len(self.service.requests())
            told = lake.json("rebuild", "silver.sales", "--partition",
                             f"day={date.fromordinal(FIRST_DAY)}", "--only")
            self.assertEqual(told["partitions"]["built"] + told["partitions"]["unchanged"], 1)
            counts.append((told["requests"], len(self.service.requests()) - before))
        print(f"requests to rebuild one partition of {SIZES} (partitions, files): weir's own and "
              f"all, {counts}")
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[1][1], REQUESTS_PER_REBUILD_MAX)
        self.assertTrue(0 < counts[1][0] < counts[1][1])

    def test_what_a_lake_in_buckets_says_of_its_places(self):
        top = f"s3://{gateway.BUCKET}/places"
        lake = self.new_lake({})
        lake.environment.update(self.service.variables())
        lake.weir("init", "new", "--store", f"{top}/store")
        new = lake.dir / "new"
        lake.weir("init", "new", "--store", top, expect=2)
        lake.weir("-C", new, "run", "--now", NOW)
        day = next(row for row in lake.json("-C", new, "ls", "silver.weather_day")["partitions"])
        bucket = self.service.bucket()
        listed = (bucket / day["path"].removeprefix(f"s3://{gateway.BUCKET}/")).read_text().split()
        self.assertTrue(listed)
        for address in listed:
            self.assertTrue((bucket / address.removeprefix(f"s3://{gateway.BUCKET}/")).is_file())
        text = (new / "lake.yaml").read_text()
        for place, expect in (f"{top}/land", 0), ("s3://nothing-there/land", 1):
            (new / "lake.yaml").write_text(text.replace("land: land", f"land: {place}"))
            told = lake.json("-C", new, "doctor", expect=expect)
            land = next(check for check in told["checks"] if check["check"] == "land")
            self.assertIn(place, land["detail"])
            self.assertEqual(land["state"], "problem" if expect else "ok")

    def test_nothing_is_adopted_and_what_to_do_instead_is_told(self):
        lake = self.bucket_lake("adopt")
        lake.weir("init")
        file = lake.store / "raw/sales/june.csv"
        file.parent.mkdir(parents=True)
        file.write_text(rows("2024-06-01,A,4"), encoding="utf-8")
        for words in ([], ["--dry-run"]):
            result = lake.weir("adopt", "raw.sales", lake.address(file), *words, "-o", "json",
                               expect=2)
            self.assert_error(result, "is in a bucket, where nothing is adopted", "land/sales")
        self.assertEqual(lake.deliveries(), [])

    def test_no_secret_is_told_anywhere(self):
        lake = self.bucket_lake("secret")
        lake.deliver("sales/a.csv", month(1))
        lake.deliver("sales/bad.csv", rows("2024-05-01,B,many"))
        told = [lake.call("-v", "run", "--now", NOW, env=canary.spy(lake)),
                lake.call("query", "FROM duckdb_secrets()"),
                lake.call("doctor"),
                lake.call("run", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                                      "WEIR_S3_RETRY_FOR": "0s"}),
                lake.call("run", env={"AWS_SECRET_ACCESS_KEY": gateway.SECRET_KEY + "x"})]
        codes = [r.code for r in told[:1] + told[3:]]
        self.assertEqual(codes, [0, 1, 1], "\n".join(map(str, told)))
        self.assertIn("status 403", told[4].err)
        canary.assert_nowhere(self, gateway.SECRET_KEY, told, lake.dir, lake.store)
        strings = subprocess.run(["strings", "-a", str(lake.dir / ".weir" / "ledger.db")],
                                 capture_output=True, check=False).stdout.decode(errors="replace")
        self.assertNotIn(gateway.SECRET_KEY, strings)

    def watched(self, lake, watch):
        """The lake's requests go through a proxy that shows them to watch."""
        proxy = faulty.Proxy(self.service.port, every=0)
        proxy.watch = watch
        self.addCleanup(proxy.stop)
        lake.environment.update(gateway.variables(proxy.port))

    def test_what_a_killed_worker_had_to_do_is_given_to_another(self):
        lake = self.bucket_lake("killed")
        lake.write("worker", f"#!/bin/sh\necho $$ >'{lake.dir}/pid'\n"
                             f"exec '{self.worker()}'\n").chmod(0o755)
        killed = []

        def kill_once(request):
            line = request.split(b"\r\n", 1)[0]
            if line.startswith(b"PUT ") and b".parquet" in line and not killed:
                killed.append(int((lake.dir / "pid").read_text()))
                os.kill(killed[0], signal.SIGKILL)

        self.watched(lake, kill_once)
        lake.environment["WEIR_WORKER"] = f"{lake.dir}/worker"
        lake.deliver("sales/a.csv", month(1))
        lake.run(NOW)
        self.assertTrue(killed)
        lake.weir("gc")
        self.assertEqual(lake.json("fsck")["faults"], [])
        self.assertEqual(lake.value("SELECT sum(total) FROM gold.total"), str(sum(range(1, 7))))

    def test_an_upload_cut_off_by_a_kill_is_ended_by_who_comes_next(self):
        lake = self.bucket_lake("large", raw_only("format: opaque\n"))
        begun = []

        def kill_once(request):
            if b"partNumber=2" in request.split(b"\r\n", 1)[0] and len(begun) == 1:
                begun.append("killed")
                process.kill()

        self.watched(lake, kill_once)
        lake.deliver("sales/large.bin", os.urandom(LARGE_BYTES))
        command = [weir_path(), "land", "--now", str(NOW)]
        with subprocess.Popen(command, cwd=lake.dir, stderr=subprocess.DEVNULL,
                              env=clean_environment(**lake.environment)) as process:
            begun.append("started")
        self.assertEqual((begun, process.returncode), (["started", "killed"], -signal.SIGKILL))
        self.assertTrue(self.service.unfinished_uploads())
        lake.land_now(NOW)
        self.assertEqual(self.service.unfinished_uploads(), [])
        self.assertEqual(lake.deliveries("bytes, state"), [(str(LARGE_BYTES), "active")])
        self.assertEqual(lake.json("fsck")["faults"], [])

    def worker(self):
        """The worker beside the binary under test."""
        return Path(weir_path()).parent / "weir-duckdb"

    def test_it_is_the_same_lake_when_every_seventh_request_fails(self):
        here, there = self.folder_lake(), self.bucket_lake("faulty")
        proxy = faulty.Proxy(self.service.port, every=7)
        self.addCleanup(proxy.stop)
        there.environment.update(gateway.variables(proxy.port), WEIR_S3_TIMEOUT="1s")
        for lake in (here, there):
            self.follow(lake)
        self.assertEqual({way for way, _ in proxy.failed}, set(faulty.WAYS), proxy.failed)
        print(f"{len(proxy.failed)} of {proxy.count} requests failed")
        there.environment.update(self.service.variables())
        self.assertEqual(here.digests(), there.digests())
        self.assertEqual(here.raw_files("raw.sales"), there.raw_files("raw.sales"))
        there.run(NOW + 4)
        there.weir("gc")
        self.assertEqual(there.json("fsck")["faults"], [])
        self.assertEqual(self.service.unfinished_uploads(), [])

    def test_deliveries_come_from_a_bucket(self):
        lake = self.bucket_lake("landed")
        lake.write("lake.yaml", (lake.dir / "lake.yaml").read_text()
                   + f"land: s3://{gateway.BUCKET}/deliveries/\n")
        lake.land = self.service.bucket() / "deliveries"
        os.utime(self.upload("deliveries/sales/a.csv", "1"), (1_699_999_500,) * 2)
        self.upload("deliveries/sales/bad.csv", "'many'")
        self.upload("deliveries/sales/_part.csv", "1")
        lake.weir("run")
        self.assertEqual([p.name for p in lake.land.rglob("*.csv")], ["_part.csv"])
        self.assertEqual(lake.deliveries("file, state, land_time")[0],
                         ("sales/a.csv", "active", "2023-11-14 22:05:00"))
        self.upload("deliveries/sales/a.csv", "2")
        lake.weir("run")
        self.assertEqual([p.name for p in lake.land.rglob("*.csv")], ["_part.csv"])
        self.assertEqual(lake.deliveries("file, state"),
                         [("sales/a.csv", "active"), ("sales/a.csv", "superseded"),
                          ("sales/bad.csv", "rejected")])
        self.assertEqual(lake.query("SELECT amount FROM silver.sales"), [("2",)])

    def lake_of_deliveries(self, name):
        """A lake whose deliveries come to <name>-land/ of the bucket, and what it asks for."""
        lake = self.bucket_lake(name)
        lake.write("lake.yaml", (lake.dir / "lake.yaml").read_text()
                   + f"land: s3://{gateway.BUCKET}/{name}-land\n")
        seen = []
        self.watched(lake, seen.append)
        return lake, seen

    def test_what_was_delivered_to_a_bucket_is_copied_by_the_service(self):
        lake, seen = self.lake_of_deliveries("copied")
        sent = {name: self.upload(f"copied-land/sales/{name}.csv", amount).read_bytes()
                for name, amount in (("a", "1"), ("b ü", "2"), ("bad", "'many'"))}
        lake.weir("run")
        self.assertEqual(lake.deliveries("file, state"), [
            ("sales/a.csv", "active"), ("sales/b ü.csv", "active"), ("sales/bad.csv", "rejected")])
        written = [r for r in seen if r.startswith(b"PUT ") and b".csv HTTP" in r
                   or r.startswith(b"PUT ") and b"/landing/" in r.split(b"\r\n", 1)[0]]
        self.assertEqual(len(written), 3 + 2 + 1, written)  # staged, named, refused
        self.assertEqual([r for r in written if b"x-amz-copy-source:" not in r.lower()], [])
        asked = {r.split(b" ", 1)[0] for r in seen if b"/copied-land/" in r.split(b"\r\n", 1)[0]}
        self.assertEqual(asked, {b"GET", b"HEAD", b"DELETE"})
        kept = {p.relative_to(self.service.bucket()): p.read_bytes()
                for top in ("raw", ".weir/quarantine") for p in (lake.store / top).rglob("*.csv")}
        self.assertEqual(sorted(kept.values()), sorted(sent.values()))
        told = [self.service.head(str(key)) for key in kept]
        self.assertEqual({t["x-amz-meta-weir-name"] for t in told},
                         {"sales/a.csv", "sales/b%20%C3%BC.csv", "sales/bad.csv"})
        self.assertEqual({t["x-amz-meta-weir-sha256"] for t in told},
                         {hashlib.sha256(body).hexdigest() for body in kept.values()})
        self.assertEqual(lake.json("fsck")["faults"], [])

    def test_what_is_replaced_while_it_is_taken_is_kept_as_it_was_taken(self):
        looks = (b"HEAD ", b"/sales/a.csv HTTP", 2)  # the first is of the fetched bytes
        copies = (b"PUT ", b"x-amz-copy-source: weir-e2e/before-put-land/", 1)
        for name, (method, mark, number) in (("before-head", looks), ("before-put", copies)):
            with self.subTest(name=name):
                lake, _ = self.lake_of_deliveries(name)
                first = self.upload(f"{name}-land/sales/a.csv", "1").read_bytes()
                seen, later = [], []

                def replace_once(request, name=name, seen=seen, later=later, method=method,
                                 mark=mark, number=number):
                    seen.extend([0] if request.startswith(method) and mark in request else [])
                    if len(seen) == number and not later:
                        later.append(self.upload(f"{name}-land/sales/a.csv", "22"))

                self.watched(lake, replace_once)
                lake.weir("run")
                self.assertEqual(len(later), 1)
                raw = [p.read_bytes() for p in (lake.store / "raw").rglob("*.csv")]
                self.assertEqual(raw, [first])
                lake.weir("run")
                self.assertEqual(lake.json("fsck")["faults"], [])
                self.assertEqual(lake.query("SELECT amount FROM silver.sales"), [("22",)])

    def upload(self, key, amount):
        """By a client of S3, as deliverers do; the file that the object is."""
        extension = gateway.REPOSITORY / ".deps/duckdb/lib/httpfs.duckdb_extension"
        oracle(f"LOAD '{extension}'; CREATE SECRET (TYPE s3, KEY_ID '{gateway.ACCESS_KEY}', "
               f"SECRET '{gateway.SECRET_KEY}', ENDPOINT '127.0.0.1:{self.service.port}', "
               "URL_STYLE 'path', USE_SSL false, REGION 'us-east-1'); "
               f"COPY (SELECT '2024-05-01' AS day, 'A' AS shop, {amount} AS amount) "
               f"TO 's3://{gateway.BUCKET}/{key}' (FORMAT csv)")
        return self.service.bucket() / key

    def test_what_was_fetched_and_not_taken_is_not_removed(self):
        lake = self.bucket_lake("unsettled", raw_only("settle: 1h\n"))
        lake.write("lake.yaml", (lake.dir / "lake.yaml").read_text()
                   + f"land: s3://{gateway.BUCKET}/unsettled-land\n")
        lake.land = self.service.bucket() / "unsettled-land"
        lake.deliver("sales/a.csv", month(1))
        lake.deliver("nobody/b.csv", month(1))
        lake.weir("run")
        self.assertEqual(len(list(lake.land.rglob("*.csv"))), 2)
        self.assertEqual(lake.deliveries(), [])

    def test_layers_may_have_buckets_of_their_own(self):
        self.service.make_bucket("gold-bucket")
        files = sales()
        files["lake.yaml"] = files["lake.yaml"].replace(
            "gold]", "{gold: {store: 's3://gold-bucket/prod/'}}]")
        lake = self.bucket_lake("layered", files)
        lake.deliver("sales/a.csv", month(1))
        lake.run(NOW)
        gold = self.service.bucket("gold-bucket") / "prod"
        self.assertEqual(len(list((gold / "total").rglob("manifest"))), len(DAYS))
        self.assertFalse((lake.store / "gold").exists())
        self.assertEqual(lake.value("SELECT sum(total) FROM gold.total"), str(sum(range(1, 7))))


if __name__ == "__main__":
    unittest.main()
