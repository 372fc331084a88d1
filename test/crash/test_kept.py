"""What a killed run had finished is not built a second time."""
import json
import os
import signal
from collections import Counter

from crashlake import KILLED, SECOND, CrashTest, base_lake
from harness import NOW
from judge import content

LATER = NOW + 1000
BY_STEP = ("SELECT t.name, s.built, s.reused FROM step s JOIN tbl t ON t.id = s.tbl"
           " JOIN run r ON r.id = s.run WHERE r.state = 'done' AND r.started ="
           " (SELECT max(started) FROM run WHERE verb = 'run' AND state = 'done') ORDER BY 1")


class Kept(CrashTest):
    def test_an_interrupted_run_says_how_to_go_on_and_is_gone_on_with(self):
        lake = base_lake(self.new_folder() / "base")
        lake.deliver(SECOND)
        process = lake.start("run", "--now", LATER, WEIR_CRASH_AT="build.staged:1",
                             WEIR_CRASH_SIGNAL="stop")
        os.waitpid(process.pid, os.WUNTRACED)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate()
        self.assertEqual((process.returncode, said.splitlines()),
                         (5, ["error: interrupted", "  hint: Do the same again to go on: what was "
                              "finished is not done twice."]))
        (finished,) = lake.rows("SELECT count(*) FROM staged")[0]
        said = json.loads(lake.call("run", "--now", LATER, "-q", "-o", "json")[1])
        self.assertEqual(said["partitions"]["reused"], finished)
        self.assert_whole(lake)

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
