"""Random small lakes: tables of random shapes over random files, and what becomes of the files.

Several lakes share one folder, so that one call of weir serves them all; each does one thing per
round. Which files count is said here as the design says it, from the list of what was delivered.
"""
import random
from dataclasses import dataclass, field

import shapes

# A leap day, the end of a month, and a gap; events have none of the last.
DAYS = ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02", "2024-03-04", "2024-03-05"]
SITES = ["A", "B", "C", "b/c", "x=y", "100%", "ü ñ", "a b", "it's", "NULL",
         "__HIVE_DEFAULT_PARTITION__", None]
EVENTS = "columns: {ts: timestamp, site: string, n: int64, v: float64, k: int64}\nrows: {min: 0}\n"
LIST = "contents: full\ncolumns: {site: string, kind: string}\nrows: {min: 0}\n"
DAILY = LIST + "from_path: '(?<event_date>[0-9-]+)\\.csv$'\n"
HEADS = {"e": "ts,site,n,v,k", "f": "ts,site,n,v,k", "l": "site,kind", "d": "site,kind"}
YAML = {"e": EVENTS, "f": EVENTS, "l": LIST, "d": DAILY}


@dataclass
class Delivery:
    file: str  # <table's folder>/<name>
    body: str
    role: str
    moment: int          # of landing
    withdrawn: str = ""  # "": it counts if it may; empty | fall-back


def quoted(value):
    return "" if value is None else '"' + value.replace('"', '""') + '"'


@dataclass
class SmallLake:
    """One random lake: its tables' names carry its number."""

    number: int
    chance: random.Random
    now: int                                        # of the next landing
    sources: dict = field(default_factory=dict)     # role → raw.name
    tables: list = field(default_factory=list)
    makers: list = field(default_factory=list)      # (shape, the tables below it)
    deliveries: list = field(default_factory=list)  # in the order of landing
    story: list = field(default_factory=list)       # what was done, to be told when something fails

    def __post_init__(self):
        layers = self.chance.choice([1, 2, 2, 3])
        first = self.chance.sample(shapes.OVER_DELIVERIES, self.chance.choice([1, 1, 2]))
        for role in sorted({role for _, roles in first for role in roles}):
            self.sources[role] = f"raw.k{self.number}{role}"
        for shape, _ in first:
            self.add(shape, "silver")
        for layer in ("silver", "gold")[3 - layers:] if layers > 1 else ():
            count = self.chance.choice([1, 1, 1, 2])
            for shape in self.chance.sample(shapes.OVER_TABLES, count):
                self.add(shape, layer if layers > 2 else "gold")
        for role in self.sources:
            # Of lists that are each the whole and land at one time none is the newest.
            for _ in range(1 if role == "l" else self.chance.choice([1, 2, 3])):
                self.deliver(self.new_file(role), self.body(role))

    def add(self, shape, layer):
        below = list(self.tables)
        name = f"{layer}.k{self.number}t{len(self.tables)}"
        table = shape(shapes.Maker(self.chance, name, self.sources, below))
        if table is not None:
            self.tables.append(table)
            self.makers.append((shape, below))

    def definition(self):
        """Files of the lake's definition: path → text."""
        files = {}
        for role, name in self.sources.items():
            files[f"tables/{name.replace('.', '/')}.yaml"] = YAML[role]
        for table in self.tables:
            path = f"tables/{table.name.replace('.', '/')}"
            files[f"{path}.sql"] = table.sql + "\n"
            files[f"{path}.yaml"] = table.yaml
        return files

    # files

    def folder(self, role):
        return self.sources[role].split(".")[1]

    def new_file(self, role):
        taken = {d.file for d in self.deliveries}
        if role == "d":
            free = [f"{self.folder(role)}/{day}.csv" for day in DAYS]
        else:
            free = [f"{self.folder(role)}/{n}.csv" for n in range(100)][:len(taken) + 1]
        left = [file for file in free if file not in taken]
        return self.chance.choice(left or free)

    def row(self, role):
        site = self.chance.choice(SITES[:self.chance.choice([3, 5, len(SITES)])])
        if role in "ld":
            return f"{quoted(site)},{self.chance.choice(['radar', 'loop', 'laser'])}"
        day = self.chance.choice(DAYS[:-1])
        hour = self.chance.choice(["00:00:00", "08:15:00", "23:59:59"])
        ts = "" if self.chance.random() < 0.05 else f"{day} {hour}"
        n = "" if self.chance.random() < 0.05 else self.chance.randrange(6)
        return f"{ts},{quoted(site)},{n},{self.chance.randrange(16) / 4},{self.chance.randrange(9)}"

    def body(self, role, rows=None):
        count = self.chance.choice([1, 2, 3, 5]) if rows is None else rows
        days = [self.row(role) for _ in range(count)]
        return "\n".join([HEADS[role], *days]) + "\n"

    def deliver(self, file, body):
        role = next(r for r in self.sources if file.startswith(self.folder(r) + "/"))
        if any(d.body == body and d.file == file for d in self.deliveries):
            return None
        self.deliveries.append(Delivery(file, body, role, self.now))
        self.story.append(("deliver", file, body))
        return self.deliveries[-1]

    # which count (design section 4)

    def candidates(self, delivery):
        """Deliveries of which one counts: of an identity, or of a table whose files are whole."""
        if delivery.role == "l":
            return [d for d in self.deliveries if d.role == "l"]
        return [d for d in self.deliveries if d.file == delivery.file]

    def active(self, candidates):
        for d in reversed(candidates):
            if not d.withdrawn:
                return d
            if d.withdrawn == "empty":
                return None
        return None

    def counting(self):
        """Every delivery that counts. Daily lists count each for its day."""
        return [d for d in self.deliveries if self.active(self.candidates(d)) is d]

    def never_withdrawn(self):
        """Deliveries that alone lead to the same, in whatever order they are taken: those that
        count, and what they are the successors of."""
        found = []
        for d in self.counting():
            before = self.candidates(d)
            before = before[:before.index(d) + 1]
            bad = [n for n, other in enumerate(before) if other.withdrawn]
            found += before[bad[-1] + 1:] if bad else before
        return found

    # what one round does: a verb, and the files that it concerns

    def act(self):
        """(verb, delivery before or None, delivery after or None), done to the model; None:
        nothing could be done."""
        deeds = [self.correct, self.correct, self.come_late, self.empty, self.withdraw,
                 self.withdraw, self.fall_back, self.readmit, self.readmit, self.change_code,
                 self.change_code]
        for deed in self.chance.sample(deeds, len(deeds)):
            done = deed()
            if done is not None:
                return done
        return None

    def pick(self, wanted):
        return self.chance.choice(wanted) if wanted else None

    def correct(self, rows=None):
        """A daily list keeps some rows: whether one without any is the newest is nowhere said."""
        before = self.pick([d for d in self.counting() if rows is None or d.role != "d"])
        after = before and self.deliver(before.file, self.body(before.role, rows))
        return after and ("deliver", before, after)

    def empty(self):
        return self.correct(rows=0)

    def come_late(self):
        role = self.chance.choice(sorted(self.sources))
        file = self.new_file(role)
        before = next((d for d in self.counting() if d.file == file), None)
        if role == "l":
            before = next((d for d in self.counting() if d.role == "l"), None)
        after = self.deliver(file, self.body(role))
        return after and ("deliver", before, after)

    def withdraw(self):
        before = self.pick(self.counting())
        if before is None:
            return None
        before.withdrawn = "empty"
        self.story.append(("withdraw", before.file))
        return ("withdraw", before, None)

    def fall_back(self):
        able = []
        for d in self.counting():
            earlier = self.candidates(d)
            earlier = earlier[:earlier.index(d)]
            if earlier and not earlier[-1].withdrawn:
                able.append((d, earlier[-1]))
        if not able:
            return None
        before, after = self.chance.choice(able)
        before.withdrawn = "fall-back"
        self.story.append(("withdraw --fall-back", before.file))
        return ("withdraw --fall-back", before, after)

    def readmit(self):
        """Of a file only the newest: of two withdrawn ones both would be named by it."""
        able = [d for d in self.deliveries if d.withdrawn and self.candidates(d)[-1] is d
                and sum(1 for o in self.deliveries if o.file == d.file and o.withdrawn) == 1]
        after = self.pick(able)
        if after is None:
            return None
        before = self.active(self.candidates(after))
        after.withdrawn = ""
        self.story.append(("readmit", after.file))
        return ("readmit", before, after)

    def change_code(self):
        place = self.chance.randrange(len(self.tables))
        shape, below = self.makers[place]
        old = self.tables[place]
        for _ in range(5):
            table = shape(shapes.Maker(self.chance, old.name, self.sources, below))
            if table is not None and (table.sql, table.yaml) != (old.sql, old.yaml):
                below = [table if t is old else t for t in below]
                self.tables[place] = table
                self.makers = [(s, [table if t is old else t for t in b]) for s, b in self.makers]
                self.story.append(("define", table.name, table.sql, table.yaml))
                return ("code", None, None)
        return None

    @property
    def is_redefined(self):
        return any(step[0] == "define" for step in self.story)

    # what follows from how the tables read each other

    def tables_below_whole(self):
        """Tables that read an input whole, and what reads them."""
        found = set()
        for table in self.tables:
            if table.whole or found & set(table.inputs):
                found.add(table.name)
        return found

    def below(self, tables):
        """These, and what reads them."""
        found = set(tables)
        for table in self.tables:
            if found & set(table.inputs):
                found.add(table.name)
        return found

    def open_tables(self):
        """Tables whose partitions are not simply those of the derived tables that they read, and
        what reads them: before rows are built no one knows what all they lead to."""
        found = set()
        by = {table.name: set(table.by) for table in self.tables}
        for table in self.tables:
            derived = set(table.inputs) & set(by)
            if found & derived or any(
                    table.is_computed or not set(table.by) <= by[name] for name in derived):
                found.add(table.name)
        return found

    def told(self):
        """What was done to it, to be done again by hand."""
        lines = [f"# lake.yaml: lake: test, layers: [raw, silver, gold]; lake {self.number}"]
        for path, text in self.definition().items():
            lines.append(f"cat > {path} <<'END'\n{text}END")
        for step in self.story:
            if step[0] == "deliver":
                lines.append(f"cat > land/{step[1]} <<'END'\n{step[2]}END")
            else:
                lines.append(": " + " ".join(step))
        return "\n".join(lines)
