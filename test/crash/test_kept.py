"""What a killed run had finished is not built a second time."""
import json
from collections import Counter

from crashlake import KILLED, SECOND, CrashTest, base_lake, content
from harness import NOW

LATER = NOW + 1000
BY_STEP = ("SELECT t.name, s.built, s.reused FROM step s JOIN tbl t ON t.id = s.tbl"
           " JOIN run r ON r.id = s.run WHERE r.state = 'done' AND r.started ="
           " (SELECT max(started) FROM run WHERE verb = 'run' AND state = 'done') ORDER BY 1")


class Kept(CrashTest):
    def test_a_run_killed_after_the_second_of_three_tables_builds_only_the_third_again(self):
        top = self.new_folder()
        lake = base_lake(top / "base")
        lake.deliver(SECOND)
        undisturbed = lake.copy(top / "undisturbed")
        undisturbed.run(LATER)
        code, said = lake.call("run", "--now", LATER, WEIR_CRASH_AT="build.staged:2",
                               WEIR_CRASH_SIGNAL="kill")
        self.assertEqual(code, KILLED, said)
        (finished,) = lake.rows("SELECT count(*) FROM staged")
        log = top / "passages"
        code, said = lake.call("run", "--now", LATER, "--output", "json", WEIR_CRASH_LOG=str(log))
        self.assertEqual(code, 0, said)
        passed = Counter(log.read_text().split())
        partitions = json.loads(said[said.index("{"):])["partitions"]
        self.assertEqual((partitions["built"], partitions["reused"]), (1, *finished))
        self.assertEqual(passed["build.sent"], 1, "only the third table's job is sent")
        self.assertEqual([built for _, built, _ in lake.rows(BY_STEP)], [0, 1, 0])
        self.assertEqual(content(lake), content(undisturbed))
        self.assert_whole(lake)
