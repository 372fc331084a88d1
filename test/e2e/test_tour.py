"""The README's tour: its commands are run as they stand there, in a folder of their own."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness import REPOSITORY, clean_environment, remove_tree, weir_path

README = REPOSITORY / "README.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
NOT_HERE = re.compile(r"^\s*(git clone|make|sudo)\b|\bcd weir\b", re.MULTILINE)


def blocks():
    """The shell commands of the tour; those that build or install Weir are run by others."""
    if not README.is_file():
        return []
    found = BLOCK.findall(README.read_text(encoding="utf-8"))
    return [block for block in found if not NOT_HERE.search(block)]


class TourTest(unittest.TestCase):
    @unittest.skipUnless(blocks(), "README.md has no tour yet")
    def test_the_commands_of_the_tour_work(self):
        top = Path(tempfile.mkdtemp(prefix="weir-tour-"))
        self.addCleanup(remove_tree, top)
        script = "set -euo pipefail\n" + "\n".join(blocks())
        path = f"{Path(weir_path()).parent}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", script], cwd=top, capture_output=True, text=True,
                              env=clean_environment(PATH=path, HOME=str(top)), timeout=300,
                              check=False)
        self.assertEqual(done.returncode, 0, f"{script}\n--- stdout\n{done.stdout}\n"
                                             f"--- stderr\n{done.stderr}")


if __name__ == "__main__":
    unittest.main()
