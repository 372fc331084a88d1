"""The command line contract: verbs, documents, exit codes, and what help says."""
import json
import re
import unittest

from harness import NOW, Lake, LakeTest
from sales import RAW, rows, sales

VERBS = ["init", "add", "validate", "run", "land", "plan", "status", "query", "ls", "graph", "log",
         "show", "schema", "version", "help", "completion"]
GOOD = rows("2024-05-01,A,1", "2024-05-02,B,2")


class HelpTest(LakeTest):
    files = {}

    def test_every_verb_has_help_with_an_example(self):
        for verb in VERBS:
            with self.subTest(verb):
                told = self.lake.weir(verb, "--help").out
                self.assertIn(f"weir {verb}", told.replace("VERB", "help"))
                self.assertRegex(told.lower(), r"example")
                if verb != "help":
                    self.assertEqual(self.lake.weir("help", verb).out, told)

    def test_help_lists_every_verb(self):
        told = self.lake.weir("help").out
        for verb in VERBS:
            self.assertRegex(told, rf"\b{verb}\b")
        self.assertEqual(self.lake.weir("--help").out, told)

    def test_without_a_verb_it_tells_what_there_is(self):
        result = self.lake.call()
        self.assertIn("run", result.out + result.err)
        self.assertIn(result.code, (0, 2))

    def test_version(self):
        self.assertRegex(self.lake.weir("version").out, r"^weir \d+\.\d+\.\d+")
        self.assertEqual(self.lake.weir("--version").out, self.lake.weir("version").out)
        self.assertEqual(self.lake.json("version")["format"], 1)

    def test_completion_for_each_shell(self):
        for shell in ("bash", "zsh", "fish"):
            told = self.lake.weir("completion", shell).out
            self.assertIn("validate", told)
            self.assertIn("detailed-exitcode", told)

    def test_customary_words_answer_with_the_verb(self):
        for word, verb in (("build", "run"), ("apply", "run"), ("lint", "validate"),
                           ("check", "validate"), ("list", "ls"), ("retry", "--retry-failed")):
            result = self.lake.call(word)
            self.assertEqual(result.code, 2, result)
            self.assertIn(verb, result.err)

    def test_verbs_of_later_versions_say_so(self):
        for verb in ("export", "publish", "serve"):
            result = self.lake.call(verb)
            self.assertEqual(result.code, 2, result)
            self.assertIn("not yet", result.err)

    def test_wrong_usage_names_what_is_near(self):
        for args, word in ((("rnu",), "run"), (("run", "--dryrun"), "--dry-run"),
                           (("status", "-o", "jsno"), "json"), (("plan", "--now", "soon"), "now"),
                           (("query",), "SQL"), (("version", "extra"), "extra")):
            with self.subTest(args):
                result = self.lake.call(*args)
                self.assertEqual(result.code, 2, result)
                self.assertIn(word, result.err)
                self.assertEqual(result.out, "")

    def test_usage_errors_are_documents_too(self):
        result = self.lake.call("run", "-o", "json", "--dryrun")
        error = self.assert_error(result, "--dry-run")
        self.assertEqual(error["kind"], "usage")


class StartTest(LakeTest):
    """From nothing to a working lake."""

    files = {}

    def test_init_makes_a_lake_that_works(self):
        self.lake.weir("init", "new")
        new = self.lake.dir / "new"
        self.assertTrue((new / "lake.yaml").is_file())
        self.assertTrue((new / ".gitignore").is_file())
        self.lake.weir("-C", new, "validate")
        document = self.lake.json("-C", new, "run")
        self.assertGreater(document["deliveries"]["accepted"], 0)
        self.assertGreater(document["partitions"]["built"], 0)
        tables = self.lake.json("-C", new, "status")["tables"]
        derived = [t["table"] for t in tables if not t["table"].startswith("raw.")]
        self.assertGreaterEqual(len(derived), 1)
        self.assertNotEqual(self.lake.weir("-C", new, "query", f"SELECT count(*) FROM {derived[0]}")
                            .out.strip(), "0")

    def test_init_replaces_nothing(self):
        self.lake.weir("init", "new")
        before = (self.lake.dir / "new/lake.yaml").read_bytes()
        (self.lake.dir / "new/lake.yaml").write_bytes(before + b"# mine\n")
        self.lake.call("init", "new")
        self.assertEqual((self.lake.dir / "new/lake.yaml").read_bytes(), before + b"# mine\n")

    def test_init_of_a_cloned_definition_makes_ledger_and_store(self):
        lake = self.new_lake(sales())
        lake.weir("init")
        self.assertTrue(lake.has_ledger())
        identity = json.loads((lake.store / ".weir/lake.json").read_text())
        self.assertTrue(any(len(str(value)) >= 16 for value in identity.values()), identity)

    def test_add_proposes_a_contract_that_takes_the_file(self):
        lake = self.new_lake({"lake.yaml": "lake: test\nlayers: [raw]\n"})
        lake.deliver("cities/a.csv", "code;name;people;founded;share\n"
                                     "066;L'Aquila;69439;1254-01-01;0.5\n"
                                     "069;\"Chieti; alta\";49000;1100-01-01;\n")
        shown = lake.weir("add", "-n", "raw.cities").out
        self.assertFalse((lake.dir / "tables/raw/cities.yaml").exists())
        lake.weir("add", "raw.cities")
        written = (lake.dir / "tables/raw/cities.yaml").read_text()
        self.assertIn("people: int64", shown)
        self.assertIn("people: int64", written)
        self.assertEqual(lake.run(NOW)["deliveries"]["accepted"], 1)
        self.assertEqual(lake.query("SELECT code, name, people FROM raw.cities ORDER BY code"),
                         [("066", "L'Aquila", "69439"), ("069", "Chieti; alta", "49000")])

    def test_add_replaces_nothing(self):
        lake = self.new_lake(sales())
        lake.deliver("sales/a.csv", GOOD)
        result = lake.call("add", "raw.sales")
        self.assertNotEqual(result.code, 0, result)
        self.assertEqual((lake.dir / "tables/raw/sales.yaml").read_text(), RAW)


class DocumentTest(LakeTest):
    """The JSON documents that programs rely on. Keys may be added, never removed."""

    files = sales()

    def setUp(self):
        super().setUp()
        self.lake.deliver("sales/a.csv", GOOD)
        self.lake.deliver("sales/bad.csv", "x\n1\n")
        self.document = self.lake.run(NOW)

    def assert_keys(self, document, *keys):
        self.assertLessEqual(set(keys), set(document), document)

    def test_run(self):
        d = self.document
        self.assertEqual(d["format"], 1)
        self.assert_keys(d, "run", "deliveries", "partitions", "failed", "blocked")
        self.assert_keys(d["deliveries"], "accepted", "duplicate", "superseded", "rejected")
        self.assert_keys(d["deliveries"]["rejected"][0], "path", "table", "reason")
        self.assert_keys(d["partitions"], "built", "reused", "unchanged", "emptied")

    def test_plan(self):
        self.lake.deliver("sales/b.csv", rows("2024-05-02,C,1"))
        self.lake.land_now(NOW + 1)
        d = self.lake.json("plan")
        self.assertEqual(d["format"], 1)
        self.assertEqual([s["table"] for s in d["steps"]], ["silver.sales", "gold.total"])
        silver, gold = (s["partitions"][0] for s in d["steps"])
        self.assert_keys(silver, "partition", "causes", "certain", "rows", "bytes")
        self.assert_keys(silver["causes"][0], "kind", "ref")
        self.assertEqual((silver["certain"], gold["certain"]), (True, False))
        self.assertEqual(gold["causes"][0]["kind"], "upstream")

    def test_status(self):
        d = self.lake.json("status")
        self.assertEqual((d["format"], d["quarantine"]), (1, 1))
        tables = {t["table"]: t for t in d["tables"]}
        self.assertEqual(set(tables), {"raw.sales", "silver.sales", "gold.total"})
        self.assert_keys(tables["gold.total"], "table", "partitions", "stale", "failed", "blocked",
                         "held", "rows", "bytes", "last_run")
        self.assertEqual((tables["gold.total"]["partitions"], tables["gold.total"]["rows"]), (2, 2))
        self.assertEqual(tables["silver.sales"]["last_run"], self.document["run"])

    def test_log_and_show(self):
        d = self.lake.json("log")
        self.assertEqual(d["format"], 1)
        (run,) = d["runs"]
        self.assert_keys(run, "run", "verb", "state", "started", "seconds")
        self.assertEqual((run["run"], run["verb"]), (self.document["run"], "run"))
        self.assertIn(run["run"], self.lake.weir("show", run["run"]).out)
        self.assertIn("amount", self.lake.weir("show", "raw.sales").out)
        (refused,) = self.lake.query("SELECT delivery FROM weir.delivery WHERE state = 'rejected'")
        self.assertIn('"rule":"header"', self.lake.weir("show", refused[0], "-o", "json").out)

    def test_ls(self):
        tables = self.lake.weir("ls").out
        self.assertIn("gold.total", tables)
        self.assertIn("day=2024-05-01", self.lake.weir("ls", "gold.total").out)
        files = self.lake.weir("ls", "gold.total", "day=2024-05-01").out
        self.assertIn(".parquet", files)
        self.assertIn("sales/a.csv", self.lake.weir("ls", "raw.sales").out)
        result = self.lake.call("ls", "gold.total", "day=2024-05-03")
        self.assertEqual(result.code, 2, result)

    def test_graph(self):
        tree = self.lake.weir("graph").out
        self.assertLess(tree.index("raw.sales"), tree.index("gold.total"))
        self.assertIn("->", self.lake.weir("graph", "--dot").out)
        maps = self.lake.weir("graph", "--maps", "silver.sales").out
        self.assertIn("raw.sales", maps)
        self.assertIn("derived", maps)
        self.assertEqual(self.lake.json("graph")["format"], 1)

    def test_schema(self):
        schema = json.loads(self.lake.weir("schema", "lake").out)
        text = json.dumps(schema)
        for key in ("layers", "partition_by", "missing_columns", "from_path"):
            self.assertIn(f'"{key}"', text)
        self.assertIn("total", self.lake.weir("schema", "gold.total").out)

    def test_errors(self):
        result = self.lake.call("status", "nosuch.table", "-o", "json")
        self.assertEqual(result.code, 2)
        self.assert_keys(result.error, "kind", "message", "hint", "file", "line")

    def test_query_in_every_form(self):
        sql = "SELECT day, total, NULL AS none FROM gold.total ORDER BY day"
        self.assertEqual(self.lake.weir("query", sql, "-o", "csv").out,
                         "day,total,none\n2024-05-01,1,\n2024-05-02,2,\n")
        lines = self.lake.weir("query", sql, "-o", "jsonl").out.splitlines()
        self.assertEqual(json.loads(lines[0]), {"day": "2024-05-01", "total": 1, "none": None})
        document = self.lake.json("query", sql)
        self.assertEqual(document["format"], 1)
        self.assertEqual([c["name"] for c in document["columns"]], ["day", "total", "none"])
        self.assertEqual(len(document["rows"]), 2)
        self.assertIn("2024-05-02", self.lake.weir("query", sql).out)
        self.assertEqual(self.lake.weir("query", "-", stdin=sql.encode()).out,
                         self.lake.weir("query", sql).out)
        self.assertEqual(len(self.lake.weir("query", "--limit", 1, sql, "-o", "jsonl")
                             .out.splitlines()), 1)

    def test_the_views_of_the_ledger_can_be_asked(self):
        for view in ("delivery", "partition", "version", "lineage", "run_log", "mark", "verdict",
                     "event"):
            self.lake.weir("query", f"SELECT * FROM weir.{view}")
        self.assertEqual(self.lake.query(
            "SELECT DISTINCT file FROM weir.lineage WHERE \"table\" = 'silver.sales'"),
            [("sales/a.csv",)])

    def test_data_goes_to_stdout_and_all_else_to_stderr(self):
        result = self.lake.weir("status", "-o", "json", "-v")
        json.loads(result.out)
        result = self.lake.weir("run", "-q", "--now", NOW + 1, "--progress", "plain", "-o", "json")
        json.loads(result.out)

    def test_the_lake_is_found_upwards(self):
        inner = self.lake.dir / "tables" / "raw"
        there = self.lake.weir("status", "-o", "json", cwd=inner).out
        self.assertEqual(there, self.lake.weir("status", "-o", "json").out)
        self.assertEqual(there, self.lake.weir("-C", inner, "status", "-o", "json", cwd="/").out)

    def test_selections(self):
        def names(*select):
            return [t["table"] for t in self.lake.json("status", *select)["tables"]]
        self.assertEqual(names("silver.*"), ["silver.sales"])
        self.assertEqual(names("+silver.sales"), ["raw.sales", "silver.sales"])
        self.assertEqual(names("silver.sales+"), ["silver.sales", "gold.total"])
        self.assertEqual(names("--exclude", "gold.*"), ["raw.sales", "silver.sales"])

    def test_no_colour_and_no_control_characters_without_a_terminal(self):
        for verb in (("status",), ("log",), ("graph",), ("plan",)):
            result = self.lake.weir(*verb, env={"NO_COLOR": ""})
            self.assertIsNone(re.search("\x1b", result.out + result.err), result)


class ValidateTest(LakeTest):
    def test_all_mistakes_are_told_at_once(self):
        lake = self.new_lake(sales(raw__other="columns: {a: strnig}\nfoo: 1\n",
                                   gold__total="partition_by: [dya]\n"))
        result = lake.call("validate", "-o", "json")
        self.assertEqual(result.code, 2, result)
        text = result.out + result.err
        for word in ("strnig", "foo", "dya", "tables/raw/other.yaml", "tables/gold/total.yaml"):
            self.assertIn(word, text)

    def test_it_needs_no_ledger_and_makes_nothing(self):
        lake = self.new_lake(sales())
        lake.weir("validate")
        self.assertFalse(lake.store.exists())
        self.assertFalse(lake.has_ledger())

    def test_the_examples_are_valid(self):
        from harness import REPOSITORY
        import shutil
        for definition in sorted(REPOSITORY.glob("examples/*/lake")):
            copy = self.new_lake({}).dir / "copy"
            shutil.copytree(definition, copy)
            Lake({}, copy).weir("validate")


class EnvironmentTest(LakeTest):
    files = {**sales(), "lake.yaml": "lake: test\nlayers: [raw, silver, gold]\n"
             "environments:\n  dev: {store: dev-data, ledger: .weir/dev.db}\n"}

    def test_an_environment_has_its_own_store_and_ledger(self):
        self.lake.deliver("sales/a.csv", GOOD)
        result = self.lake.weir("run", "--env", "dev", "--now", NOW)
        self.assertTrue(result.err.lstrip().startswith(("environment dev", "environment: dev"))
                        or "dev" in result.err.splitlines()[0], result)
        self.assertTrue((self.lake.dir / "dev-data/raw/sales").is_dir())
        self.assertTrue((self.lake.dir / ".weir/dev.db").is_file())
        self.assertFalse(self.lake.store.exists())
        told = self.lake.weir("query", "-o", "csv", "SELECT count(*) AS n FROM gold.total",
                              env={"WEIR_ENV": "dev"}).out
        self.assertEqual(told, "n\n2\n")

    def test_an_unknown_environment_is_refused(self):
        result = self.lake.call("run", "--env", "dve", "-o", "json")
        self.assertEqual(result.code, 2, result)
        self.assert_error(result, "dve", "dev")


if __name__ == "__main__":
    unittest.main()
