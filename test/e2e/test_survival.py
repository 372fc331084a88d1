"""Everything at once: two hosts with folders of their own share the runs of a lake in a bucket,
over a service that fails every seventh request, with a database server that restarts and a worker
that is killed. It is the lake that one undisturbed host makes in a folder, and nothing is left."""
import shutil
import signal
import unittest

import faulty
import gateway
from cluster import Cluster
from harness import LAKE_YAML, NOW, fast_worker
from processes import ProcessTest
from sales import rows, sales

DAYS = [f"2024-05-{day:02}" for day in range(1, 9)]
HIVE = "partition_by: [day]\nprojection: hive\n"
FAILED_MIN = len(faulty.WAYS) * 2

# What the ledger says that there is: keys below the store.
NAMED = """
SELECT split_part(t.name, '.', 1) || '/' || f.object FROM file f JOIN tbl t ON t.id = f.tbl
  WHERE EXISTS (SELECT 1 FROM version_file x JOIN version v ON v.id = x.version
                WHERE x.file = f.id AND v.state = 'kept')
UNION SELECT split_part(t.name, '.', 1) || '/' || d.object FROM delivery d
  JOIN tbl t ON t.id = d.tbl WHERE d.state IN ('active', 'superseded', 'withdrawn')
UNION SELECT '.weir/journal/' || lpad(m.seq::text, 20, '0') || '.json' FROM moment m
"""
# Directories of what is current: copies, or manifests that lead to the files.
SHOWN = """
SELECT t.name, p.text, f.object FROM current c JOIN partition p ON p.id = c.partition
  JOIN tbl t ON t.id = c.tbl JOIN version_file x ON x.version = c.version
  JOIN file f ON f.id = x.file WHERE c.to_seq IS NULL
"""


def month(amount):
    return rows(*(f"{day},A,{amount + n}" for n, day in enumerate(DAYS)))


def deliver(lake, turn):
    """Two turns: what lands first, and a correction with a new file and one that is refused."""
    if turn == 0:
        lake.deliver("sales/a.csv", month(1))
        lake.deliver("sales/b.csv", rows("2024-06-01,B,7"))
    else:
        lake.deliver("sales/a.csv", month(2))
        lake.deliver("sales/c.csv", rows("2024-05-03,C,9", "2024-06-02,C,1"))
        lake.deliver("sales/bad.csv", rows("2024-06-01,B,many"))


@unittest.skipUnless(gateway.is_there(), "no versitygw; scripts/setup test builds it, with Go")
class SurvivalTest(ProcessTest):
    rank = 0
    own_places = ("store", "ledger")

    @classmethod
    def setUpClass(cls):
        cls.service = gateway.Gateway()
        cls.addClassCleanup(cls.service.stop)
        cls.server = Cluster()
        cls.addClassCleanup(cls.server.close)

    def hosts(self, name, every):
        """A new lake as two hosts have it, over a service that fails every so many requests."""
        self.prefix = name
        self.land = self.new_lake({"lake.yaml": LAKE_YAML + "store: data\nledger: x.db\n"}).land
        self.server.sql(f"CREATE DATABASE {name}")
        self.proxy = faulty.Proxy(self.service.port, every)
        self.addCleanup(self.proxy.stop)
        one, two = self.host("one"), self.host("two")
        one.weir("init")
        return one, two

    def host(self, name):
        """A lake folder of its own: definition, land folder of both, bucket and database."""
        host = self.new_lake({**sales(gold__total=HIVE), "lake.yaml":
                              LAKE_YAML + f"land: {self.land}\nledger: "
                              f"{self.server.uri(database=self.prefix)}\n"
                              f"store: s3://{gateway.BUCKET}/{self.prefix}\n"})
        host.land = self.land
        host.environment.update(gateway.variables(self.proxy.port), **fast_worker(),
                                WEIR_S3_TIMEOUT="1s", WEIR_WHO=name)
        return host

    def undisturbed(self):
        lake = self.new_lake({**sales(gold__total=HIVE),
                              "lake.yaml": LAKE_YAML + "store: data\nledger: .weir/ledger.db\n"})
        lake.environment.update(fast_worker())
        for turn in (0, 1):
            deliver(lake, turn)
            lake.run(NOW + turn)
        return lake

    def rows(self, text):
        return self.server.sql(f"SET search_path TO weir; {text}", self.prefix)

    def named(self):
        """Keys below the store that the ledger has a use for, by its rows alone."""
        keys = {key for key, in self.rows(NAMED)}
        keys.add(".weir/lake.json")
        for table, partition, object_ in self.rows(SHOWN):
            layer, name = table.split(".")
            manifests = "" if table == "gold.total" else "_symlink_format_manifest/"
            shown = object_.split("/")[-1] if table == "gold.total" else "manifest"
            keys.add(f"{layer}/{name}/{manifests}{partition}/{shown}")
        return keys

    def listed(self):
        top = self.service.bucket() / self.prefix
        return {str(p.relative_to(top)) for p in top.rglob("*") if p.is_file()}

    def restart(self):
        began = self.server.sql("SELECT pg_postmaster_start_time()")
        self.server.stop(signal.SIGINT)
        self.server.start()
        self.assertNotEqual(self.server.sql("SELECT pg_postmaster_start_time()"), began)

    def share(self, conductor, helping, turn, **disturbed):
        """One turn, in which the server restarts while the run stands still."""
        helper, helper_passes = self.helper(helping, **disturbed)
        deliver(conductor, turn)
        run = self.stopped_at(conductor, "build.sent", "run", "--now", NOW + turn, "-o", "json")
        helper_passes("help.answered", 2 if disturbed else 1)
        self.restart()
        self.wake(run)
        told = self.document(run)
        return told, self.stop(helper), {run.pid, helper.pid}

    def check_hosts(self, told, pids):
        built = {int(h["host"].split(":")[-1]): h["partitions"] for h in told["hosts"]}
        self.assertEqual(set(built), pids)
        self.assertGreaterEqual(min(built.values()), 1, built)
        return built

    def test_it_is_the_lake_of_one_undisturbed_host(self):
        wanted = self.undisturbed()
        one, two = self.hosts("survival", every=7)
        built = []
        told, did, pids = self.share(one, two, 0, WEIR_CRASH_AT="help.sent",
                                     WEIR_CRASH_SIGNAL="worker")
        self.assertGreaterEqual(did["failed"], 1)  # by its killed worker
        built.append(self.check_hosts(told, pids))
        shutil.rmtree(two.dir / ".weir")  # nothing that it needs is there
        told, did, pids = self.share(two, one, 1)
        built.append(self.check_hosts(told, pids))
        print(f"{len(self.proxy.failed)} of {self.proxy.count} requests failed, the server "
              f"restarted twice, one worker was killed; partitions by host: {built}")
        self.assertEqual({way for way, _ in self.proxy.failed}, set(faulty.WAYS))
        self.assertGreaterEqual(len(self.proxy.failed), FAILED_MIN)
        self.assertEqual(one.digests(), wanted.digests())
        self.assertEqual(two.deliveries("file, state, land_time, sha256"),
                         wanted.deliveries("file, state, land_time, sha256"))
        self.assertIsNone(two.run(NOW + 2)["run"])
        one.weir("gc")
        self.assertEqual(one.json("fsck")["faults"], [])
        self.assertEqual(self.service.unfinished_uploads(), [])
        quarantined = {key for key in self.listed() if key.startswith(".weir/quarantine/")}
        self.assertEqual(len(quarantined), 2)  # the refused file and its report
        self.assertEqual(self.listed() - quarantined, self.named())

    def test_two_hosts_do_not_make_the_directories_of_one_table_at_once(self):
        one, two = self.hosts("projected", every=0)
        deliver(one, 0)
        stopped = self.stopped_at(one, "project.swapped", "run", "--now", NOW)
        self.rows("UPDATE lease SET until = 1")
        deliver(two, 1)
        busy = two.weir("run", "--now", NOW + 1, "-o", "json", expect=4,
                        env={"WEIR_LEASE_MS": "500"})
        self.assert_error(busy, "directories")
        self.wake(stopped)
        self.finish(stopped, 4)  # its lease is another's
        two.run(NOW + 1)
        self.assertEqual(two.json("fsck")["faults"], [])
        shown, wanted = ({key for key in keys if key.startswith(("silver/sales/", "gold/total/"))}
                         for keys in (self.listed(), self.named()))
        self.assertTrue(shown)
        self.assertEqual(shown, wanted)


if __name__ == "__main__":
    unittest.main()
