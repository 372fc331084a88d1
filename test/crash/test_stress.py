"""Eight processes over one lake: nothing is lost, nothing doubled, nobody waits for ever.

WEIR_CRASH_SECONDS tells how long (default 10).
"""
import os
import random
import threading
import time

from crashlake import SHOPS, CrashLake, CrashTest
from harness import NOW
from judge import CURRENT

SECONDS = int(os.environ.get("WEIR_CRASH_SECONDS", "10"))
PROCESSES = 8
BUSY = 4
COMMANDS = (("run", "--wait"), ("run",), ("land", "--wait"), ("land",))


class Stress(CrashTest):
    rank = 0

    def work(self, number):
        chance = random.Random(number)
        while time.monotonic() < self.until and not self.wrong:
            code, said = self.lake.call(*chance.choice(COMMANDS))
            self.counts[code] = self.counts.get(code, 0) + 1
            if code not in (0, BUSY):
                self.wrong.append(f"exit {code}\n{said}")

    def deliver(self):
        """New files, and corrections of such as were taken; each row says which file it is of."""
        chance, number = random.Random(0), 0
        while time.monotonic() < self.until and not self.wrong:
            name = f"sales/f{chance.randint(1, 12)}.csv"
            if (self.lake.dir / "land" / name).exists():
                time.sleep(0.02)
                continue
            number += 1
            body = f"day,shop,amount\n2024-01-{chance.randint(1, 5):02d},a,{number}\n"
            self.lake.deliver({name: body})
            self.latest[name] = body
            self.sent.append(body)
            time.sleep(0.05)

    def test_nothing_is_lost_or_doubled(self):
        top = self.new_folder()
        self.lake = CrashLake(top / "lake").define()
        self.latest, self.sent = {"shops/shops.csv": SHOPS}, [SHOPS]
        self.counts, self.wrong = {}, []
        self.lake.deliver(self.latest)
        self.until = time.monotonic() + SECONDS
        threads = [threading.Thread(target=self.work, args=(n,)) for n in range(PROCESSES)]
        threads.append(threading.Thread(target=self.deliver))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.wrong, [])
        self.assertGreater(self.counts[0], 0)
        self.lake.run()
        raw = [p.read_text() for p in (self.lake.store / "raw").rglob("*.csv")]
        self.assertEqual(sorted(raw), sorted(self.sent), "raw history")
        whole = CrashLake(top / "whole").define()
        whole.deliver(self.latest)
        whole.run(NOW)
        self.assertEqual(self.lake.rows(CURRENT), whole.rows(CURRENT))
        self.assert_whole(self.lake)
