"""What the crash tests do to a lake: a run with news of every kind, a first run, a collection of
garbage. Doing it once more is what heals."""
import os
import time

from crashlake import FIRST, SECOND, CrashLake, base_lake, content, tree
from harness import NOW

LATER = NOW + 1000
OLD = 2 * 24 * 3600  # seconds: garbage for gc
NO_RETENTION = "retention: {for: 0s, keep: 0}\n"


def with_news(top):
    """All kinds of deliveries wait."""
    lake = base_lake(top)
    lake.deliver(SECOND)
    return lake


def unborn(top):
    """Only defined, with files that wait."""
    lake = CrashLake(top).define()
    lake.deliver(FIRST)
    return lake


def with_garbage(top):
    """Versions that nothing needs, an object that nobody knows, and what a landing worked in."""
    lake = with_news(top)
    lake.run(LATER)
    definition = lake.dir / "lake.yaml"
    definition.write_text(definition.read_text() + NO_RETENTION)
    (run,) = lake.rows("SELECT id FROM run ORDER BY id LIMIT 1")[0]
    for path in (f"objects/silver.sales/{run}/lost/0.parquet", f"landing/{run}-1/0"):
        lost = lake.store / "silver" / ".weir" / path
        lost.parent.mkdir(parents=True)
        lost.write_text("lost")
        os.utime(lost, (time.time() - OLD,) * 2)
    return lake


class Scenario:
    def __init__(self, make, *args):
        self.make = make
        self.args = args

    def do(self, lake, **environment):
        """(exit code, what was said)."""
        return lake.call(*self.args, **environment)

    def heal(self, lake, **environment):
        code, said = self.do(lake, **environment)
        if code != 0:
            raise AssertionError(f"exit {code}\n{said}")

    @staticmethod
    def content(lake):
        return content(lake)


class Collecting(Scenario):
    @staticmethod
    def content(lake):
        """Nothing is made, so that names can be compared, too."""
        return content(lake) | {"files": {path for path in tree(lake.store)
                                          if not path.startswith(".weir/journal/")}}


RUN = Scenario(with_news, "run", "--now", LATER)
BIRTH = Scenario(unborn, "run", "--now", NOW)
COLLECT = Collecting(with_garbage, "gc")
