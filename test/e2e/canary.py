"""Looking for secrets where none may be: what was said, files, and processes that were started."""
import os
from pathlib import Path

from harness import weir_path


def spy(lake):
    """Changes of the environment for a worker that leaves in lake.dir/seen what its process tells
    everybody of its user: environment and command line, and those of the process that started it
    (of that one only the command line: its environment is the user's own)."""
    worker = os.environ.get("WEIR_WORKER") or Path(weir_path()).parent / "weir-duckdb"
    path = lake.write("spying-worker",
                      "#!/bin/sh\ncat /proc/self/environ /proc/self/cmdline "
                      f"/proc/$PPID/cmdline >>'{lake.dir}/seen'\nexec '{worker}'\n")
    path.chmod(0o755)
    return {"WEIR_WORKER": str(path)}


def texts(*places):
    """All files below, as texts by name."""
    return {str(path): path.read_bytes().decode(errors="replace")
            for place in places for path in Path(place).rglob("*") if path.is_file()}


def assert_nowhere(test, secret, told, *places, except_for=()):
    """told: results of calls. The spy was there, and saw no secret; nor did anybody else."""
    found = {name: text for name, text in texts(*places).items()
             if Path(name).name not in except_for}
    seen = [text for name, text in found.items() if Path(name).name == "seen"]
    test.assertTrue(seen and all("WEIR_CODE_VERSION" in text for text in seen))
    for result in told:
        found[str(result.command)] = result.out + result.err
    test.assertEqual([name for name, text in found.items() if secret in text], [])
