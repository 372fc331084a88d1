"""The same real deliveries in random batchings: the order in which they are taken does not matter.

Each delivery is taken with the moment of its publication as --now; what is by chance is which come
in one call, in which order the calls are made, whether they build or only land, what is withdrawn
and readmitted in between, and where processes are killed. WEIR_ITALY=all: twenty batchings of all
deliveries (`make nightly`), else two of two days'. WEIR_ITALY_SEED: where chance begins.
"""
import os
import random
import signal
import unittest

from harness import LakeTest, fast_worker
from test_italy import DEFINITION, DELIVERIES, expected_deliveries

ALL = os.environ.get("WEIR_ITALY") == "all"
SEED = os.environ.get("WEIR_ITALY_SEED", "1")
BATCHINGS = int(os.environ.get("WEIR_ITALY_BATCHINGS", "20" if ALL else "2"))
DAYS = ("20200331", "20200410")  # each with a wrong file, and sent again
CRASHED = 86  # CRASH_EXIT_CODE of src/base/crash.h
KILLED = -signal.SIGKILL
# A point that a call does not pass kills nothing.
POINTS = ("ledger.committing", "ledger.committed", "land.claimed", "land.placed",
          "land.quarantined", "land.recorded", "land.removed", "build.pending", "build.sealed",
          "build.synced", "build.staged", "build.committed", "project.linked", "project.exchanged")


def chosen():
    """What is delivered, in the order of publication."""
    return [d for d in expected_deliveries() if ALL or d.name[-12:-4] in DAYS]


class Batching:
    """One way to take the deliveries: calls, each of deliveries of one moment."""

    def __init__(self, number, deliveries):
        self.chance = random.Random(f"{SEED}/{number}")
        self.builds = self.chance.choice((0.05, 0.2, 0.5))
        self.calls = []
        by_moment = {}
        for delivery in deliveries:
            by_moment.setdefault(delivery.moment, []).append(delivery)
        for batch in by_moment.values():
            self.split(batch)
        self.disorder()

    def split(self, batch):
        parts = self.chance.choice((1, 1, 2)) if len(batch) > 1 else 1
        self.chance.shuffle(batch)
        size = (len(batch) + parts - 1) // parts
        self.calls += [batch[i:i + size] for i in range(0, len(batch), size)]

    def disorder(self):
        """As published, or some late by a few calls, or in no order at all."""
        late = self.chance.choice((0, 4, len(self.calls)))
        places = [n + self.chance.uniform(0, late) for n in range(len(self.calls))]
        self.calls = [self.calls[n] for n in sorted(range(len(places)), key=places.__getitem__)]


class Replay:
    """A lake on the way through one batching."""

    def __init__(self, lake, batching):
        self.lake = lake
        self.chance = batching.chance
        self.batching = batching
        self.withdrawn = set()
        self.taken = set()
        self.killed = self.decided = 0
        self.last = 0

    def call(self, *args, now):
        """As often as it takes: killed, it is simply made again."""
        args = (*args, "--now", now)
        if self.chance.random() < 0.3:
            at = f"{self.chance.choice(POINTS)}:{self.chance.choice((1, 1, 2))}"
            how = self.chance.choice(({}, {"WEIR_CRASH_SIGNAL": "kill"}))
            result = self.lake.call(*args, env={"WEIR_CRASH_AT": at, **how})
            if result.code not in (0, CRASHED, KILLED):
                raise AssertionError(f"killed at {at}: {result}")
            if result.code != 0:
                self.killed += 1
                self.lake.weir(*args)
        else:
            self.lake.weir(*args)

    def take(self, batch):
        for delivery in batch:
            self.lake.deliver(delivery.identity, delivery.body)
            self.taken.add(delivery.identity)
        builds = self.chance.random() < self.batching.builds
        self.call("run" if builds else "land", now=batch[0].moment)
        self.last = max(self.last, batch[0].moment)

    def decide(self):
        """Sometimes a file is withdrawn, sometimes one comes back."""
        chance = self.chance.random()
        if chance < 0.2:
            identity = self.chance.choice(sorted(self.taken))
            fall_back = self.chance.choice(([], ["--fall-back"]))
            result = self.lake.call("withdraw", "-o", "json", "--reason", "by chance",
                                    "--now", self.last, *fall_back, identity)
            if result.code == 0:
                self.decided += 1
                self.withdrawn |= {d["delivery"] for d in result.doc["withdrawn"]}
            elif "never accepted" not in result.err:
                raise AssertionError(str(result))
        elif self.withdrawn and chance < 0.3:
            self.readmit([self.chance.choice(sorted(self.withdrawn))])

    def readmit(self, deliveries):
        self.lake.weir("readmit", "--now", self.last, *deliveries)
        self.withdrawn -= set(deliveries)

    def go(self):
        for batch in self.batching.calls:
            self.take(batch)
            self.decide()
        if self.withdrawn:
            self.readmit(sorted(self.withdrawn))
        self.lake.weir("run", "--now", self.last)


@unittest.skipUnless(DELIVERIES.is_dir(), f"no real deliveries at {DELIVERIES}")
class ItalyOrderTest(LakeTest):
    rank = 0

    def italy(self):
        lake = self.new_lake({})
        lake.environment.update(fast_worker())
        for path in DEFINITION.rglob("*.*"):
            lake.write(path.relative_to(DEFINITION), path.read_bytes())
        return lake

    def test_batches_order_decisions_and_kills_do_not_matter(self):
        deliveries = chosen()
        right = self.italy()
        for delivery in deliveries:
            if delivery.state == "active":
                right.deliver(delivery.identity, delivery.body)
        right.run(deliveries[-1].moment)
        wanted = right.digests()
        self.assertGreater(len(wanted), 25)
        for number in range(BATCHINGS):
            replay = Replay(self.italy(), Batching(number, deliveries))
            with self.subTest(seed=SEED, batching=number):
                replay.go()
                self.assertEqual(replay.lake.digests(), wanted)
                print(f"seed {SEED}, batching {number}: {len(replay.batching.calls)} calls, "
                      f"{replay.decided} withdrawn, {replay.killed} killed, digests equal",
                      flush=True)


if __name__ == "__main__":
    unittest.main()
