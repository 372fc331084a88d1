#!/usr/bin/env python3
"""Each rule of tidy.py is silent on a clean tree and speaks of the one thing that is broken."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import tidy  # noqa: E402

HEADER = "/* low: what everybody needs, and nothing that only one needs. */\nint low_one(void);\n"
LOW = '#include "base/low.h"\n\nint low_one(void) {\n    return 1;\n}\n'
HIGH = '#include "plan/high.h"\n\n#include "base/low.h"\n\n#include <stdio.h>\n'


def clean_tree():
    return {
        "src/meson.build": "folders = [\n  'base',\n  'engine',\n  'plan',\n]\n",
        "src/base/meson.build": "files('low.c')\n",
        "src/base/low.c": LOW,
        "src/base/low.h": HEADER,
        "src/engine/duckdb/meson.build": "files('worker.c')\n",
        "src/engine/duckdb/worker.c": '#include "base/low.h"\n',
        "src/plan/meson.build": "files('high.c')\n",
        "src/plan/high.c": HIGH,
        "src/plan/high.h": HEADER,
        "test/unit/base/meson.build": "foreach name : ['low']\nendforeach\n",
        "test/unit/base/low_test.c": '#include "base/low.h"\n',
    }


class TidyTest(unittest.TestCase):
    def broken(self, path, text, *, says, line=None):
        """With text at path in the clean tree, there is one finding: there, saying that."""
        found = tidy.findings(clean_tree() | {path: text})
        self.assertEqual(len(found), 1, found)
        place = f"{path}:" if line is None else f"{path}:{line}:"
        self.assertTrue(found[0].startswith(place), found)
        self.assertIn(says, found[0])

    def test_a_clean_tree_has_no_findings(self):
        self.assertEqual(tidy.findings(clean_tree()), [])

    def test_a_function_of_71_lines_is_too_long_and_one_of_70_is_not(self):
        longest = LOW.replace("    return 1;\n", "    return 1;\n" * 68)
        self.assertEqual(tidy.findings(clean_tree() | {"src/base/low.c": longest}), [])
        longer = LOW.replace("    return 1;\n", "    return 1;\n" * 69)
        self.broken("src/base/low.c", longer, says='"low_one" has 71 lines', line=3)

    def test_a_function_with_its_arguments_on_several_lines_counts_them(self):
        text = LOW.replace("low_one(void)", "low_one(int a,\n            int b)")
        text = text.replace("    return 1;\n", "    return 1;\n" * 68)
        self.broken("src/base/low.c", text, says="has 71 lines", line=3)

    def test_a_long_python_function_is_found(self):
        self.broken("test/long.py", "def long():\n" + "    pass\n" * 70, says='"long" has 71')

    def test_a_file_of_601_lines_is_too_long(self):
        self.broken("src/base/low.h", HEADER + "\n" * 599, says="has 601 lines")

    def test_a_lower_folder_may_not_include_a_higher_one(self):
        self.broken("src/base/low.c", LOW + '#include "plan/high.h"\n',
                    says='"base" is below "plan"', line=6)

    def test_an_include_is_named_from_src(self):
        text = HIGH + '#include "../base/low.h"\n'
        self.broken("src/plan/high.c", text, says="name it from src/")

    def test_the_worker_includes_only_base(self):
        self.broken("src/engine/duckdb/worker.c", '#include "plan/high.h"\n', says="the worker")
        tree = clean_tree() | {"src/engine/pool.h": HEADER,
                               "src/engine/duckdb/worker.c": '#include "engine/pool.h"\n'}
        self.assertIn("the worker", "".join(tidy.findings(tree)))

    def test_nobody_includes_the_worker(self):
        tree = clean_tree() | {"src/engine/duckdb/query.h": HEADER}
        tree["src/plan/high.c"] += '#include "engine/duckdb/query.h"\n'
        self.assertIn("the worker's", "".join(tidy.findings(tree)))

    def test_a_folder_without_a_place_in_the_order_is_found(self):
        tree = clean_tree() | {"src/odd/meson.build": "files('odd.c')\n",
                               "src/odd/odd.c": '#include "base/low.h"\n'}
        self.assertIn("has no place", "".join(tidy.findings(tree)))

    def test_a_source_includes_its_own_header_first(self):
        turned = HIGH.replace('#include "plan/high.h"\n\n', "") + '#include "plan/high.h"\n'
        self.broken("src/plan/high.c", turned, says='its own "plan/high.h" first')

    def test_a_source_without_a_header_begins_with_a_project_header(self):
        self.broken("src/engine/duckdb/worker.c", '#include <stdio.h>\n#include "base/low.h"\n',
                    says="project headers come before")

    def test_a_header_opens_with_prose(self):
        self.broken("src/base/low.h", "#include <stdio.h>\n", says="opens without prose")
        self.broken("src/base/low.h", "/* low */\n", says="opens without prose")

    def test_a_banned_call_names_its_replacement(self):
        for name, (instead, allowed) in tidy.BANNED_CALLS.items():
            text = LOW.replace("return 1", f"return {name}(x)")
            if not "src/base/low.c".startswith(allowed or ("\n",)):
                self.broken("src/base/low.c", text, says=f"use {instead}", line=4)

    def test_a_banned_name_in_a_comment_a_string_or_a_member_is_no_call(self):
        text = LOW.replace("return 1;", 'return s->time("atoi(x)"); /* never atoi(x) */')
        self.assertEqual(tidy.findings(clean_tree() | {"src/base/low.c": text}), [])

    def test_odd_forms_are_found(self):
        forms = (("goto retry;", "goto"), ("while (1) {}", "for (;;)"), ("\treturn 1;", "a tab"))
        for form, says in forms:
            self.broken("src/base/low.c", LOW.replace("    return 1;", "    " + form), says=says)
        self.broken("src/base/low.c", LOW + "/*" + "*" * 9 + "/\n", says="banner")

    def test_a_marker_is_found_in_any_file(self):
        self.broken("doc/plan.md", "TO" "DO later\n", says="do it now")

    def test_a_temporary_name_is_no_marker(self):
        self.assertEqual(tidy.findings(clean_tree() | {"run.sh": "mktemp -d x.XXXXXX\n"}), [])

    def test_machine_paths_and_registries_are_found(self):
        self.broken("doc/a.md", "see /wo" "rk/main\n", says="path of one machine")
        text = '"https://registry.npm' 'js.org/x"\n'
        self.broken("lock.json", text, says="address of a registry")

    def test_a_long_line_is_found(self):
        self.broken("test/long.py", "#" * 101 + "\n", says="101 columns")

    def test_line_ends_are_clean(self):
        self.broken("doc/a.md", "one \ntwo\n", says="blanks at the end", line=1)
        self.broken("doc/a.md", "one", says="no line end")

    def test_a_source_that_nobody_builds_is_found(self):
        self.broken("src/base/dead.c", '#include "base/low.h"\n', says="no meson.build names it")
        self.broken("test/unit/base/dead_test.c", '#include "base/low.h"\n', says="no meson.build")

    def test_a_header_that_nobody_includes_is_found(self):
        self.broken("src/plan/dead.h", HEADER, says="nothing includes it")

    def test_a_link_to_nothing_is_found(self):
        self.broken("doc/a.md", "# A\n\nSee [b](b.md).\n", says='"b.md"; nothing is', line=3)
        self.broken("doc/a.md", "# A\n\n[b](#b)\n", says="no such heading", line=3)
        good = "# A, or B\n\n[1](#a-or-b) [2](../src/base/low.c) [3](../src) [4](https://x.y)\n"
        self.assertEqual(tidy.findings(clean_tree() | {"doc/a.md": good}), [])


    def test_a_crash_point_that_the_page_does_not_tell_of_is_found(self):
        source = 'const char *const CRASH_POINTS[] = {\n    "a.one",\n    "a.two",\n};\n'
        page = "| died at | what |\n|---|---|\n| `a.one`, `a.two` | see `a.three` |\n"
        files = {"src/base/crash.c": '#include "base/low.h"\n\n' + source,
                 "src/base/meson.build": "files('low.c', 'crash.c')\n", "doc/commit.md": page}
        self.assertEqual(tidy.findings(clean_tree() | files), [])
        more = page.replace("`a.two`", "`a.two`, `a.six`")
        for change, says in ((page.replace(", `a.two`", ""), 'does not tell what "a.two" leaves'),
                             (more, '"a.six"; there is none')):
            found = tidy.findings(clean_tree() | files | {"doc/commit.md": change})
            self.assertEqual(len(found), 1, found)
            self.assertIn(says, found[0])


if __name__ == "__main__":
    unittest.main(verbosity=0)
