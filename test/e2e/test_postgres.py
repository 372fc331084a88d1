"""A lake whose ledger is in PostgreSQL: moved there and back, worked on by several hosts, with a
server that goes away."""
import shutil
import subprocess

from cluster import Cluster
from harness import LAKE_YAML, NOW, Lake, LakeTest, clean_environment, weir_path
from sales import rows, sales

CANARY = "canary7tweet"


class PostgresTest(LakeTest):
    """self.lake begins with a ledger in SQLite; self.uri is of a schema for it."""
    files = {**sales(), "lake.yaml": LAKE_YAML + "ledger: .weir/ledger.db\n"}
    rank = 0

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

    def test_the_password_is_nowhere_but_in_the_definition(self):
        self.move_to(self.uri.replace("user=weir", f"user=weir&password={CANARY}"))
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1"))
        said = []
        for words in (["run", "-v"], ["status"], ["doctor"], ["ledger", "rebuild"], ["fsck"],
                      ["validate"], ["ledger", "copy", "x"], ["query", "SELECT 1 AS one"]):
            done = self.lake.call(*words)
            said.append(done.out + done.err)
        self.assertNotIn(CANARY, "".join(said))
        for path in self.lake.dir.rglob("*"):
            if path.is_file() and path.name != "lake.yaml":
                self.assertNotIn(CANARY.encode(), path.read_bytes(), path)

    def host(self, name):
        """The same lake as another host has it: its own definition, the store of all."""
        top = self.lake.dir.parent / name
        top.mkdir()
        for part in ("lake.yaml", "tables"):
            source = self.lake.dir / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, top / part)
        for part in ("land", "data"):
            (top / part).symlink_to(self.lake.dir / part)
        return Lake({}, top)

    def start(self, lake, *words, **environment):
        return subprocess.Popen([weir_path(), *words], cwd=lake.dir, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True,
                                env=clean_environment(**environment))
