"""What a loss of power leaves of a lake, from the notes of weir-fault (test/harness/power.h).

Only what was synced is sure. What was not synced may be lost or not; two lakes stand for all that
may happen, at each point of a run:

    least   nothing that was not synced happened
    gone    removals happened, although nobody synced them; nothing else did. A rename is one step:
            what it moved is at one of both places
"""
import hashlib
import os
import time
from collections import Counter
from pathlib import Path

IN_MEMORY = "-shm"  # SQLite makes it anew
AGE = 2 * 24 * 3600  # seconds: old enough to be garbage for gc


class Notes:
    """What was durable and what was there, point by point."""

    def __init__(self, folder, before):
        self.folder, self.before = Path(folder), Path(before)
        self.names = {}  # folder's inode → {name: (inode, kind)}
        self.bytes = {}  # file's inode → where its bytes are
        self.renamed = set()
        self.there = {}  # path → (inode, kind)
        self.top = None
        self.digests = {}

    def read(self):
        """Yields (point:n, itself) for each point; what it tells is good until the next."""
        counted, point = Counter(), None
        folder = None
        for line in (self.folder / "log").read_text().splitlines():
            what, *rest = line.split("\t")
            if point is not None and what != "there":
                yield point, self
                point = None
            if what == "begin":
                self.begin(*rest)
            elif what == "folder":
                folder = self.names[int(rest[0])] = {}
            elif what == "name":
                folder[rest[2]] = (int(rest[0]), rest[1])
            elif what == "file":
                self.bytes[int(rest[0])] = self.folder / rest[1]
            elif what == "renamed":
                self.renamed.add(int(rest[0]))
            elif what == "point":
                counted[rest[0]] += 1
                point, self.there = f"{rest[0]}:{counted[rest[0]]}", {}
            else:
                self.there[rest[2]] = (int(rest[0]), rest[1])
        if point is not None:
            yield point, self

    def begin(self, inode, kind, path):
        """All that is there before the run is durable."""
        inode = int(inode)
        if path == ".":
            self.top = inode
        else:
            parent, _, name = path.rpartition("/")
            self.names[self.inode_of(parent)][name] = (inode, kind)
        if kind == "d":
            self.names[inode] = {}
        else:
            self.bytes[inode] = self.before / path

    def inode_of(self, path):
        inode = self.top
        for name in path.split("/") if path else ():
            inode = self.names[inode][name][0]
        return inode

    def least(self):
        """Path → (inode, kind) of what is sure."""
        return dict(self.walk(self.top, ""))

    def walk(self, inode, prefix):
        for name, entry in self.names.get(inode, {}).items():
            yield prefix + name, entry
            if entry[1] == "d":
                yield from self.walk(entry[0], f"{prefix}{name}/")

    def gone(self):
        places = {}
        for path, (inode, _) in self.there.items():
            places.setdefault(inode, []).append(path)
        return dict(self.walk_gone(self.top, "", places))

    def walk_gone(self, inode, prefix, places):
        for name, entry in self.names.get(inode, {}).items():
            for path in self.places_of(prefix + name, entry[0], places):
                yield path, entry
                if entry[1] == "d":
                    yield from self.walk_gone(entry[0], path + "/", places)

    def places_of(self, path, inode, places):
        """Where a durable entry is when removals happened: where it was, moved, or nowhere."""
        now = self.there.get(path)
        if now is not None and now[0] == inode:
            return [path]
        if now is not None and now[0] in self.renamed and inode not in places:
            return [path]  # what replaced it may not have happened
        return places.get(inode, []) if inode in self.renamed else []

    def digest(self, source):
        if source not in self.digests:
            self.digests[source] = hashlib.sha256(source.read_bytes()).digest()
        return self.digests[source]

    def name_of(self, tree):
        """Equal for lakes that are the same."""
        seen, parts = {}, []
        for path, (inode, kind) in sorted(tree.items()):
            if path.endswith(IN_MEMORY):
                continue
            source = self.bytes.get(inode)
            parts.append((path, kind, seen.setdefault(inode, len(seen)),
                          self.digest(source) if source else None))
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def make(self, tree, top):
        """The lake as files: without a sync a file is empty."""
        made = {}
        Path(top).mkdir()
        for path, (inode, kind) in sorted(tree.items()):
            target = Path(top) / path
            if path.endswith(IN_MEMORY):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if kind == "d":
                target.mkdir(exist_ok=True)
            elif inode in made:
                os.link(made[inode], target)
            else:
                source = self.bytes.get(inode)
                target.write_bytes(source.read_bytes() if source else b"")
                os.utime(target, (time.time() - AGE,) * 2)
                made[inode] = target
