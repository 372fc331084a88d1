"""Kills at random: by time and by place, while deliveries and corrections come in.

WEIR_CRASH_KILLS tells how many kills (default 300; 40 elsewhere than in a folder), WEIR_CRASH_SEED
where to begin.
"""
import hashlib
import os
import random
import signal
import subprocess

from crashlake import CRASHED, KILLED, SHOPS, CrashLake, CrashTest
from harness import COMMAND_SECONDS_MAX, NOW
from judge import CURRENT
from test_walk import EVERY, listed_points

KILLS = int(os.environ.get("WEIR_CRASH_KILLS", "300" if EVERY else "40"))
SEED = int(os.environ.get("WEIR_CRASH_SEED", "1"))
ROUNDS_BETWEEN_CHECKS = 5
WAITS_MAX = 0.5  # seconds: longer than a run
DAYS, NAMES = 4, 6
ACTIVE = "SELECT file, sha256 FROM delivery WHERE state = 'active'"


class Game:
    """A lake, what was delivered to it, and one source of chance."""

    def __init__(self, top, seed):
        self.chance = random.Random(seed)
        self.lake = CrashLake(top).define()
        self.latest = {"shops/shops.csv": SHOPS}
        self.sent = [SHOPS]
        self.points = listed_points()
        self.now = NOW
        self.lake.deliver(self.latest)

    def body(self):
        rows = [(self.chance.randint(1, DAYS), self.chance.choice("ab"), self.chance.randint(1, 99))
                for _ in range(self.chance.randint(1, 4))]
        return "day,shop,amount\n" + "".join("2024-01-%02d,%s,%d\n" % row for row in rows)

    def deliver(self):
        for _ in range(self.chance.randint(0, 2)):
            name = f"sales/f{self.chance.randint(1, NAMES)}.csv"
            if (self.lake.dir / "land" / name).exists():
                continue  # not taken yet: it would be replaced, not corrected
            self.latest[name] = self.body()
            self.sent.append(self.latest[name])
            self.lake.deliver({name: self.latest[name]})

    def by_place(self):
        how = self.chance.choice(("exit", "kill", "kill", "worker"))
        at = f"{self.chance.choice(self.points)}:{self.chance.choice((1, 1, 2, 3, 5))}"
        environment = {"WEIR_CRASH_AT": at}
        if how != "exit":
            environment["WEIR_CRASH_SIGNAL"] = how
        code, said = self.lake.call("run", "--now", self.now, **environment)
        if code not in (0, 1, CRASHED, KILLED):
            raise AssertionError(f"exit {code} at {at} by {how}\n{said}")
        return code in (CRASHED, KILLED)

    def by_time(self):
        process = self.lake.start("run", "--now", self.now)
        try:
            process.communicate(timeout=self.chance.uniform(0, WAITS_MAX))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=COMMAND_SECONDS_MAX)
        return process.returncode == KILLED

    def round(self):
        """Was somebody killed?"""
        self.deliver()
        self.now += 10
        return self.by_place() if self.chance.random() < 0.6 else self.by_time()


class RandomWalk(CrashTest):
    rank = 0

    def compare(self, game, top):
        """What was built piece by piece is what is built at once."""
        game.lake.run(game.now + 5)
        wanted = {name: hashlib.sha256(body.encode()).hexdigest()
                  for name, body in game.latest.items()}
        self.assertEqual(dict(game.lake.rows(ACTIVE)), wanted, "what counts")
        whole = CrashLake(top).define()
        whole.deliver(game.latest)
        whole.run(NOW)
        self.assertEqual(game.lake.rows(CURRENT), whole.rows(CURRENT))
        whole.remove()
        raw = {p.read_text() for p in (game.lake.store / "raw").rglob("*.csv")}
        self.assertEqual(raw, set(game.sent), "raw history")
        self.assert_whole(game.lake)

    def play(self, seed, kills):
        top = self.new_folder()
        game = Game(top / "lake", seed)
        killed = 0
        while killed < kills:
            for _ in range(ROUNDS_BETWEEN_CHECKS):
                killed += game.round()
            with self.subTest(seed=seed, killed=killed):
                self.compare(game, top / "whole")
        return killed


class FirstSeed(RandomWalk):
    def test_nothing_is_lost_or_doubled(self):
        self.play(SEED, KILLS // 2)


class SecondSeed(RandomWalk):
    def test_nothing_is_lost_or_doubled(self):
        self.play(SEED + 1, KILLS // 2)


del RandomWalk  # is no test by itself
