"""What is left of a lake, by its files and its ledger's tables; shares no code with Weir.

In a bucket, what plain readers see are manifests, or copies where a table asks for them.
"""
import hashlib
from pathlib import Path

import bucket
import places
from places import MANIFESTS

LAYERS = ("raw", "silver", "gold")
COPIED = {"gold.city"}  # in a bucket; as crashlake.FILES defines it

CURRENT = ("SELECT t.name, p.text, v.content, v.rows FROM current c"
           " JOIN partition p ON p.id = c.partition JOIN tbl t ON t.id = c.tbl"
           " JOIN version v ON v.id = c.version WHERE c.to_seq IS NULL AND v.rows > 0"
           " ORDER BY 1, 2")
DELIVERIES = ("SELECT t.name, d.file, d.state, d.sha256, d.land_time FROM delivery d"
              " JOIN tbl t ON t.id = d.tbl ORDER BY 1, 2, 5, 4, 3")
FILES_OF_CURRENT = (
    "SELECT t.name, p.text, f.object FROM current c JOIN partition p ON p.id = c.partition"
    " JOIN tbl t ON t.id = c.tbl JOIN version_file vf ON vf.version = c.version"
    " JOIN file f ON f.id = vf.file WHERE c.to_seq IS NULL ORDER BY 1, 2, 3")
FILES_OF_VERSIONS = (
    "SELECT DISTINCT t.name, f.object, f.bytes FROM file f JOIN version_file vf ON vf.file = f.id"
    " JOIN version v ON v.id = vf.version JOIN partition p ON p.id = v.partition"
    " JOIN tbl t ON t.id = p.tbl")
FILES_OF_DELIVERIES = ("SELECT t.name, d.object, d.bytes, d.state FROM delivery d"
                       " JOIN tbl t ON t.id = d.tbl")
SEQ = "SELECT seq FROM lake"
OF_THE_MOMENT = ("pending_object", "mark", "outbox", "staged")


def tree(top):
    """Path below top → the file's lstat, of all files."""
    return {str(p.relative_to(top)): p.lstat() for p in Path(top).rglob("*")
            if not p.is_dir() or p.is_symlink()}


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def layer_of(table):
    return table.split(".")[0]


def content(lake):
    """What has to be the same however often a run was killed on the way."""
    raw = {path: sha256(lake.store / "raw" / path) for path in tree(lake.store / "raw")
           if not path.startswith(".weir")}
    aside = lake.store / ".weir" / "quarantine"
    digests, deliveries = lake.rows_of(CURRENT, DELIVERIES)
    return {
        "digests": digests,
        "deliveries": deliveries,
        "raw": raw,
        "quarantine": {p: None if p.endswith(".report.json") else sha256(aside / p)
                       for p in tree(aside) if not p.startswith(".weir")},
    }


def shown_as(lake, path):
    """What makes a file that plain readers see the one that it should be."""
    file = lake.store / path
    if lake.prefix is None:
        return file.lstat().st_ino
    return sorted(file.read_text().splitlines()) if MANIFESTS in path else sha256(file)


def directories(lake):
    """Path → what is there, of all that plain readers see."""
    return {f"{layer}/{path}": shown_as(lake, f"{layer}/{path}") for layer in ("silver", "gold")
            for path in tree(lake.store / layer) if not path.startswith(".weir")}


def wanted_directories(lake):
    wanted = {}
    for table, partition, obj in lake.rows(FILES_OF_CURRENT):
        path = f"{layer_of(table)}/{obj}"
        place = table.replace(".", "/")
        below = "" if partition == "()" else f"/{partition}"
        if lake.prefix is None or table in COPIED:
            wanted[f"{place}{below}/{Path(obj).name}"] = shown_as(lake, path)
        else:
            manifest = wanted.setdefault(f"{place}/{MANIFESTS}{below}/manifest", [])
            manifest.append(f"{places.address(lake.prefix)}/{path}")
    return wanted


def named(seq, files, deliveries):
    """Objects that the ledger names, whether readers of directories see them or not."""
    found = {".weir/lake.json", *(f".weir/journal/{n:020}.json" for n in range(1, seq + 1))}
    found |= {f"{layer_of(table)}/{obj}" for table, obj, _ in files}
    for table, obj, _, state in deliveries:
        refused = f".weir/quarantine/{obj}"
        found |= ({refused, f"{refused}.report.json"} if state == "rejected"
                  else {f"{layer_of(table)}/{obj}"})
    return found


def objects_of_current(lake):
    return {obj for _, _, obj in lake.rows(FILES_OF_CURRENT)}


def objects_of_versions(lake):
    """That are there, whatever the ledger says."""
    return {f".weir/{path}" for layer in LAYERS for path in tree(lake.store / layer / ".weir")
            if path.startswith("objects/")}


def is_lock(lake, path):
    return lake.prefix is None and path.split("/")[1:3] == [".weir", "lock"]


def garbage(lake):
    """Files that nobody needs, uploads that nobody ends, and records of work that nobody does."""
    [(seq,)], files, deliveries, *of_the_moment = lake.rows_of(
        SEQ, FILES_OF_VERSIONS, FILES_OF_DELIVERIES,
        *(f"SELECT * FROM {table}" for table in OF_THE_MOMENT))
    needed = named(seq, files, deliveries) | set(directories(lake))
    left = sorted(path for path in set(tree(lake.store)) - needed if not is_lock(lake, path))
    if lake.prefix is not None:
        left += [f"upload of {key}" for key in bucket.unfinished_uploads(lake.prefix)]
    left += lake.waiting()
    for table, rows in zip(OF_THE_MOMENT, of_the_moment):
        left += [(table, row) for row in rows]
    return left


def lost(lake):
    """Files that the ledger names and the store does not have, or has in another size."""
    missing = []
    objects, deliveries = lake.rows_of(FILES_OF_VERSIONS, FILES_OF_DELIVERIES)
    objects += [row[:3] for row in deliveries if row[3] != "rejected"]
    for table, obj, size in objects:
        file = lake.store / layer_of(table) / obj
        if not file.is_file() or file.stat().st_size != size:
            missing.append((table, obj))
    return missing
