"""Processes of weir that go on while a test does something else: started, watched where they pass,
stopped and woken."""
import json
import os
import select
import signal
import subprocess
import time

from harness import COMMAND_SECONDS_MAX, LakeTest, clean_environment, weir_path


class ProcessTest(LakeTest):
    """Whatever a test has started is gone when it ends."""

    def start(self, lake, *words, **environment):
        process = subprocess.Popen(
            [weir_path(), *map(str, words)], cwd=lake.dir, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env=clean_environment(**{**lake.environment, **environment}))
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def watched(self, lake, *words, **environment):
        """A process, and a function that waits until it has passed a point so many times."""
        pipe = lake.dir.parent / f"passages-{time.monotonic_ns()}"
        os.mkfifo(pipe)
        fd = os.open(pipe, os.O_RDWR)  # for writing, too: those who write come and go
        self.addCleanup(os.close, fd)
        process = self.start(lake, *words, WEIR_CRASH_LOG=str(pipe), **environment)
        passed = []

        def wait_for(point, times=1):
            end = time.monotonic() + COMMAND_SECONDS_MAX
            while passed.count(point) < times:
                ready, _, _ = select.select([fd], [], [], 1)
                if ready:
                    passed.extend(os.read(fd, 4096).decode().split())
                    continue
                self.assertIsNone(process.poll(), f"did not pass {point}: {passed}")
                self.assertLess(time.monotonic(), end, f"does not pass {point}: {passed}")

        return process, wait_for

    def wait_until_stopped(self, process):
        _, told = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(told), told)

    def stopped_at(self, lake, point, *words, **environment):
        """A process that stands still at the point."""
        process = self.start(lake, *words, WEIR_CRASH_AT=point, WEIR_CRASH_SIGNAL="stop",
                             **environment)
        self.wait_until_stopped(process)
        return process

    @staticmethod
    def wake(process):
        process.send_signal(signal.SIGCONT)

    def helper(self, lake, **environment):
        """One that runs know of before they begin, and that stays."""
        process, wait_for = self.watched(lake, "run", "--worker", "--wait", "-o", "json",
                                         **environment)
        wait_for("ledger.committed")
        return process, wait_for

    def finish(self, process, code=0):
        out, err = process.communicate(timeout=COMMAND_SECONDS_MAX)
        self.assertEqual(process.returncode, code, out + err)
        return out

    def document(self, process, code=0):
        return json.loads(self.finish(process, code))

    def stop(self, process):
        """A helper that is asked to end: what it built."""
        process.send_signal(signal.SIGTERM)
        return self.document(process)
