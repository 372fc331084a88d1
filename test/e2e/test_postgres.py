"""A lake whose ledger is in PostgreSQL: moved there and back, worked on by several hosts, with a
server that goes away."""
import itertools
import os
import re
import shutil
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import canary
from cluster import Cluster
from cutter import Cutter
from harness import (LAKE_YAML, NOW, Lake, LakeTest, clean_environment, copy_lake, remove_tree,
                     weir_path)
from sales import rows, sales

CANARY = "canary7tweet"
CURRENT = ("SELECT t.name, p.text, v.content, v.rows FROM current c JOIN tbl t ON t.id = c.tbl"
           " JOIN partition p ON p.id = c.partition JOIN version v ON v.id = c.version"
           " WHERE c.to_seq IS NULL ORDER BY 1, 2")
SERVED = itertools.count(1)
DELIVERED = "SELECT file, state, sha256, land_time FROM delivery ORDER BY 1, 2, 3"


class PostgresTest(LakeTest):
    """self.lake begins with a ledger in SQLite; self.uri is of a schema for it."""
    files = {**sales(), "lake.yaml": LAKE_YAML + "ledger: .weir/ledger.db\n"}
    rank = 0
    own_places = ("ledger",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = Cluster()
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        super().setUp()
        self.schema = self._testMethodName[:60]
        self.uri = self.server.uri(self.schema)

    def move_to(self, location):
        self.lake.write("lake.yaml", LAKE_YAML + f"ledger: {location}\n")

    def seen(self):
        return (self.lake.digests(), self.lake.deliveries("delivery, file, state, sha256"),
                self.lake.query("SELECT * FROM weir.lineage ORDER BY ALL"),
                self.lake.query("SELECT day, total FROM gold.total ORDER BY ALL"))

    def test_a_ledger_moves_to_postgresql_and_back(self):
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        self.lake.run(NOW)
        before = self.seen()
        uri = self.uri + f"&password={CANARY}"
        told = self.lake.json("ledger", "copy", ".weir/ledger.db", uri)
        self.assertEqual(told["to"], self.uri + "&password=***")
        again = self.lake.weir("ledger", "copy", ".weir/ledger.db", uri, "-o", "json", expect=1)
        self.assert_error(again, "already")
        self.move_to(uri)
        self.assertEqual(self.seen(), before)
        self.assertIsNone(self.lake.run(NOW)["run"])
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,10", "2024-05-02,A,2"))
        self.assertEqual(self.lake.run(NOW + 60)["partitions"]["built"], 2)
        after = self.seen()
        shutil.move(self.lake.dir / ".weir" / "ledger.db", self.lake.dir / "old.db")
        self.lake.weir("ledger", "copy", uri, ".weir/ledger.db")
        self.move_to(".weir/ledger.db")
        self.assertEqual(self.seen(), after)
        self.assertIsNone(self.lake.run(NOW + 60)["run"])

    def words_of_secrets(self, **environment):
        """Calls that connect, or try to, with a password."""
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1"))
        self.lake.deliver("sales/bad.csv", rows("2024-05-01,A,many"))
        environment = {**canary.spy(self.lake), **environment}
        self.lake.environment.update(environment)
        down = (self.lake.dir / "lake.yaml").read_text().replace(str(self.server.top), "/nowhere")
        told = [self.lake.call(*words) for words in (
            ["-v", "run"], ["run", "--worker"], ["status"], ["doctor"], ["ledger", "rebuild"],
            ["fsck"], ["validate"], ["ledger", "copy", "x"], ["log", "-o", "json"],
            ["query", "SELECT 1 AS one"], ["ledger", "backup", "backup.db"])]
        self.assertEqual([told[0].code, told[1].code, told[9].code], [0, 0, 0], told[0])
        self.lake.write("lake.yaml", down)
        told.append(self.lake.call("-v", "run"))
        self.assertEqual(told[-1].code, 1, told[-1])
        return told

    def assert_no_canary(self, told):
        rows_of_all = self.server.sql(
            f"SELECT query_to_xml('SELECT * FROM \"{self.schema}\".' || quote_ident(tablename),"
            f" true, false, '') FROM pg_tables WHERE schemaname = '{self.schema}'")
        self.assertIn("sales/a.csv", str(rows_of_all))
        self.assertNotIn(CANARY, str(rows_of_all))
        self.assertNotIn(CANARY, (self.server.top / "log").read_text(errors="replace"))
        canary.assert_nowhere(self, CANARY, told, self.lake.dir, except_for=("lake.yaml",))

    def test_the_password_is_nowhere_but_in_the_definition(self):
        self.move_to(self.uri.replace("user=weir", f"user=weir&password={CANARY}"))
        self.assert_no_canary(self.words_of_secrets())

    def test_a_password_from_a_variable_is_nowhere(self):
        self.move_to(self.uri.replace("user=weir", "user=weir&password=${LEDGER_WORD}"))
        self.assert_no_canary(self.words_of_secrets(LEDGER_WORD=CANARY))

    def test_a_password_of_libpqs_is_nowhere(self):
        self.move_to(self.uri)
        self.assert_no_canary(self.words_of_secrets(PGPASSWORD=CANARY))


class FaultTest(LakeTest):
    """A run with a correction and a new file, over a server or a connection that goes away. Each
    case begins with a copy of one lake and of its ledger, and ends as if nothing had happened."""
    rank = 0
    own_places = ("ledger",)
    served = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = Cluster()
        cls.addClassCleanup(cls.server.close)
        cls.top = Path(tempfile.mkdtemp(prefix="weir-e2e-"))
        cls.addClassCleanup(remove_tree, cls.top)
        cls.server.sql("CREATE DATABASE whole")
        whole = cls.lake_of("whole", cls.top / "whole", definition=sales())
        whole.deliver("sales/a.csv", rows("2024-05-01,A,1", "2024-05-02,A,2"))
        whole.run(NOW)
        whole.deliver("sales/a.csv", rows("2024-05-01,A,10", "2024-05-02,A,2"))
        whole.deliver("sales/b.csv", rows("2024-05-02,B,5", "2024-05-03,B,6"))
        cls.whole = whole
        undisturbed = cls.copy(cls)
        cutter = Cutter(cls.server.top)
        cls.point_to(undisturbed, cutter.folder)
        undisturbed.run(NOW + 60)
        cls.requests = list(cutter.requests)
        cutter.close()
        cls.point_to(undisturbed, cls.server.top)
        cls.wanted = cls.content(cls, undisturbed)

    @classmethod
    def lake_of(cls, database, top, definition, folder=None):
        uri = f"postgresql:///{database}?host={folder or cls.server.top}&user=weir"
        definition = {**definition}
        if "lake.yaml" in definition:
            definition["lake.yaml"] = LAKE_YAML + f"ledger: {uri}\n"
        lake = Lake(definition, top)
        lake.database = database
        lake.environment["WEIR_WORKER"] = str(Path(weir_path()).parents[1] / "test/harness/worker")
        return lake

    def copy(self):
        """Another lake that is what the whole one is."""
        database = f"case{next(SERVED)}"
        self.server.sql(f"CREATE DATABASE {database} TEMPLATE whole")
        top = self.top / database
        copy_lake(self.whole.dir, top)
        lake = FaultTest.lake_of(database, top, {})
        FaultTest.point_to(lake, self.server.top)
        return lake

    @staticmethod
    def point_to(lake, folder):
        lake.write("lake.yaml", LAKE_YAML + f"ledger: postgresql:///{lake.database}?host={folder}"
                                            "&user=weir\n")

    def content(self, lake):
        """By the database's own client: there may be hundreds of cases."""
        return [self.server.sql(f"SET search_path TO weir; {text}", lake.database)
                for text in (CURRENT, DELIVERED)]

    def assert_as_wanted(self, lake):
        self.point_to(lake, self.server.top)
        self.assertIsNone(lake.run(NOW + 60)["run"])
        self.assertEqual(self.content(lake), self.wanted)
        self.assertEqual(lake.json("fsck")["faults"], [])
        self.server.sql(f"DROP DATABASE {lake.database} WITH (FORCE)")

    def cut(self, number, when):
        lake = self.copy()
        cutter = Cutter(self.server.top, number, when)
        self.point_to(lake, cutter.folder)
        lake.run(NOW + 60)
        cutter.close()
        self.assertTrue(cutter.was_cut)
        self.assert_as_wanted(lake)

    def chosen(self, wanted, count):
        """Numbers of requests that hold the text: some spread evenly; with WEIR_POSTGRES_CUTS=each
        the first of every text, and with =all all of them."""
        found = [i + 1 for i, sql in enumerate(self.requests) if wanted in sql]
        self.assertGreaterEqual(len(found), count)
        how = os.environ.get("WEIR_POSTGRES_CUTS")
        if how == "all":
            return found
        if how == "each":
            firsts = {generic(self.requests[number - 1]): number for number in reversed(found)}
            return sorted(firsts.values())
        return found[::len(found) // count][:count]

    def cut_all(self, numbers, when):
        """As many at once as there are processors: a walk over all of them takes minutes."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            cases = {number: pool.submit(self.cut, number, when) for number in numbers}
            for number, case in cases.items():
                with self.subTest(number=number, sql=self.requests[number - 1][:80]):
                    case.result()
        print(f"connections cut at {len(numbers)} of {len(self.requests)} requests")

    def test_a_connection_may_go_at_any_request(self):
        self.cut_all(self.chosen("", 5), "before")

    def test_the_answer_to_a_commit_may_be_lost(self):
        self.cut_all(self.chosen("COMMIT", 4), "after")

    def test_a_run_without_work_asks_little(self):
        lake = self.copy()
        lake.run(NOW + 60)
        cutter = Cutter(self.server.top)
        self.point_to(lake, cutter.folder)
        self.assertIsNone(lake.run(NOW + 60)["run"])
        cutter.close()
        self.assertLessEqual(len(cutter.requests), 15, cutter.requests)

    def stop_at(self, lake, point):
        """A run that stands still at the point."""
        process = start(lake, "run", "--now", str(NOW + 60), WEIR_CRASH_AT=point,
                        WEIR_CRASH_SIGNAL="stop")
        _, told = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(told), point)
        return process

    def test_the_server_may_be_restarted_in_mid_run(self):
        for point in ("ledger.writing:4", "ledger.committing:4", "build.staged:1"):
            with self.subTest(point=point):
                lake = self.copy()
                process = self.stop_at(lake, point)
                self.server.stop(signal.SIGINT)
                self.server.start()
                process.send_signal(signal.SIGCONT)
                said, _ = process.communicate(timeout=120)
                self.assertEqual(process.returncode, 0, said)
                self.assert_as_wanted(lake)

    def hosts(self, lake):
        """The lake as two hosts have it: a definition and a working folder each, one land folder
        and one store."""
        for name in ("one", "two"):
            top = lake.dir.parent / f"{lake.database}-{name}"
            shutil.copytree(lake.dir / "tables", top / "tables")
            host = self.lake_of(lake.database, top, {})
            shared = f"land: {lake.dir}/land\n"
            shared += "" if lake.prefix else f"store: {lake.dir}/data\n"
            host.write("lake.yaml", (lake.dir / "lake.yaml").read_text() + shared)
            yield host

    def test_two_hosts_at_work_wait_for_each_other(self):
        lake = self.copy()
        runs = [start(host, "run", "--wait", "--now", str(NOW + 60)) for host in self.hosts(lake)]
        for run in runs:
            said, _ = run.communicate(timeout=120)
            self.assertEqual(run.returncode, 0, said)
        self.assert_as_wanted(lake)

    def test_a_host_that_stands_still_loses_the_lake_to_the_next(self):
        lake = self.copy()
        one, two = self.hosts(lake)
        stopped = self.stop_at(one, "build.staged:1")
        busy = two.weir("run", "--now", NOW + 60, "-o", "json", expect=4)
        self.assert_error(busy, "another run has")
        self.server.sql("UPDATE weir.lease SET until = 1", lake.database)
        two.run(NOW + 60)
        stopped.send_signal(signal.SIGCONT)
        said, _ = stopped.communicate(timeout=120)
        self.assertEqual(stopped.returncode, 4, said)
        two.run(NOW + 60)  # removes what the other had staged
        self.assert_as_wanted(lake)


def start(lake, *words, **environment):
    return subprocess.Popen([weir_path(), *words], cwd=lake.dir, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True,
                            env=clean_environment(**lake.environment, **environment))


def generic(sql):
    """Without what is another text each time: the ids of attempts."""
    return re.sub(r"\b[0-9a-z]{26}\b", "?", sql)
