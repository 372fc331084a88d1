"""Where the lakes of a test run have their data and their ledgers.

WEIR_TEST_STORE=s3 gives every lake a prefix of its own in a bucket, whose objects are files below
store_folder(prefix); WEIR_TEST_LEDGER=postgres a database of its own on a private server. run.py
starts both services, and tells the processes of the tests by WEIR_TEST_BUCKETS and
WEIR_TEST_POSTGRES. A lake.yaml that names a store or a ledger keeps it.
"""
import contextlib
import itertools
import json
import os
import re
import sqlite3
import sys
import unittest
import uuid
from pathlib import Path

import gateway
from trees import copy_tree, remove_tree

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))
import cluster  # pylint: disable=wrong-import-position

NUMBERS = itertools.count()
MANIFESTS = "_symlink_format_manifest"


@contextlib.contextmanager
def served():
    """The services that the tests of this process and its children use, if they are to have any."""
    with contextlib.ExitStack() as services:
        if os.environ.get("WEIR_TEST_STORE") == "s3":
            buckets = gateway.Gateway()
            services.callback(buckets.stop)
            os.environ["WEIR_TEST_BUCKETS"] = json.dumps(
                {"port": buckets.port, "folder": str(buckets.folder)})
            services.callback(os.environ.pop, "WEIR_TEST_BUCKETS")
        if os.environ.get("WEIR_TEST_LEDGER") == "postgres":
            server = cluster.Cluster()
            services.callback(server.close)
            os.environ["WEIR_TEST_POSTGRES"] = str(server.top)
            services.callback(os.environ.pop, "WEIR_TEST_POSTGRES")
        yield


def in_bucket():
    return os.environ.get("WEIR_TEST_STORE") == "s3"


def service():
    """The one that has all lakes: {"port": …, "folder": …}; None: lakes are kept in folders."""
    return json.loads(os.environ.get("WEIR_TEST_BUCKETS", "null"))


def store_folder(prefix):
    return Path(service()["folder"]) / gateway.BUCKET / prefix


def address(prefix):
    return f"s3://{gateway.BUCKET}/{prefix}"


def prefix_of(lake_yaml):
    """Of the store that placed() gave to a lake, or None."""
    found = re.search(rf"^store: {address('(lake-[0-9a-f]+)')}$", lake_yaml, re.MULTILINE)
    return found.group(1) if found and service() else None


def new_prefix():
    return f"lake-{uuid.uuid4().hex[:12]}"


def server_folder():
    return os.environ.get("WEIR_TEST_POSTGRES")


def on_postgres():
    return server_folder() is not None


# For tests that open, damage or move the ledger's file.
needs_ledger_file = unittest.skipIf(os.environ.get("WEIR_TEST_LEDGER") == "postgres",
                                    "knows the file of a ledger in SQLite")


def uri_of(database):
    return f"postgresql:///{database}?host={server_folder()}&user={cluster.USER}"


def database_of(lake_yaml):
    """The name of the test's own database in a lake.yaml, or None."""
    found = re.search(r"^ledger: postgresql:///(lake_\w+)\?", lake_yaml, re.MULTILINE)
    return found.group(1) if found else None


def new_database(template="template1"):
    name = f"lake_{os.getpid()}_{next(NUMBERS)}"
    cluster.psql(server_folder(), f"CREATE DATABASE {name} TEMPLATE {template} "
                                 "STRATEGY file_copy")
    return name


def names(key, lake_yaml):
    """Does it say where the store or the ledger is, at the top or for an environment?"""
    return re.search(rf"^\s*{key}:|[{{,]\s*{key}:", lake_yaml, re.MULTILINE)


def placed(lake_yaml, before=""):
    """The text with a store and a ledger, where it names none. before: the lake.yaml that is
    replaced."""
    added = []
    if service() and not re.search(r"^store:", lake_yaml, re.MULTILINE):
        added.append(f"store: {address(prefix_of(before) or new_prefix())}")
    if on_postgres() and not names("ledger", lake_yaml):
        added.append(f"ledger: {uri_of(database_of(before) or new_database())}")
    return "\n".join([lake_yaml.rstrip("\n"), *added, ""]) if added else lake_yaml


def copied(lake_yaml):
    """The text of a copied lake: with a copy of its objects, and of its ledger."""
    database, prefix = database_of(lake_yaml), prefix_of(lake_yaml)
    if database is not None:
        lake_yaml = lake_yaml.replace(f"///{database}?", f"///{new_database(database)}?")
    if prefix is not None:
        copy = new_prefix()
        copy_objects(prefix, copy)
        lake_yaml = lake_yaml.replace(address(prefix), address(copy))
    return lake_yaml


def copy_objects(prefix, new):
    """Manifests name objects by their whole addresses; what is told of one is no more true of what
    it then says."""
    if not store_folder(prefix).is_dir():
        return
    copy_tree(store_folder(prefix), store_folder(new))
    for manifest in store_folder(new).glob(f"**/{MANIFESTS}/**/manifest"):
        text = manifest.read_text()
        manifest.unlink()
        manifest.write_text(text.replace(f"{address(prefix)}/", f"{address(new)}/"))


def drop(lake_dir):
    """What a lake that is not needed any more has outside of its folder."""
    with contextlib.suppress(OSError):
        lake_yaml = (Path(lake_dir) / "lake.yaml").read_text(errors="replace")
        database, prefix = database_of(lake_yaml), prefix_of(lake_yaml)
        if database is not None:
            cluster.psql(server_folder(), f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        if prefix is not None:
            remove_tree(store_folder(prefix))


def lose(lake_dir):
    """The ledger goes, whatever it is; the database stays."""
    database = database_of((Path(lake_dir) / "lake.yaml").read_text())
    if database is not None:
        cluster.psql(server_folder(), "DROP SCHEMA IF EXISTS weir CASCADE", database)
    for path in (Path(lake_dir) / ".weir").glob("ledger.db*"):
        path.unlink()


def change_ledger(lake_dir, sql):
    """Carry a statement out in the ledger, behind Weir's back."""
    database = database_of((Path(lake_dir) / "lake.yaml").read_text())
    if database is not None:
        cluster.psql(server_folder(), f"SET search_path TO weir; {sql}", database)
        return
    with contextlib.closing(sqlite3.connect(Path(lake_dir) / ".weir" / "ledger.db")) as db, db:
        db.execute(sql)


def empty_ledger(lake_dir, but):
    """All its tables but these lose all rows, whatever keys and triggers say."""
    database = database_of((Path(lake_dir) / "lake.yaml").read_text())
    if database is not None:
        found = cluster.psql(server_folder(), "SELECT tablename FROM pg_tables WHERE schemaname = "
                                              "'weir'", database)
        emptied = "".join(f"DELETE FROM weir.{name}; " for name, in found if name not in but)
        cluster.psql(server_folder(), f"SET session_replication_role TO replica; {emptied}",
                     database)
        return
    with contextlib.closing(sqlite3.connect(Path(lake_dir) / ".weir" / "ledger.db")) as db, db:
        found = db.execute("SELECT type, name FROM sqlite_master WHERE type IN ('table', 'trigger')"
                           " AND name NOT LIKE 'sqlite%' ORDER BY type DESC").fetchall()
        for kind, name in found:
            if kind == "trigger":
                db.execute(f"DROP TRIGGER {name}")
            elif name not in but:
                db.execute(f"DELETE FROM {name}")


def location(lake_dir):
    """As weir takes it on its command line."""
    database = database_of((Path(lake_dir) / "lake.yaml").read_text())
    if database is None:
        return str(Path(lake_dir) / ".weir" / "ledger.db")
    return uri_of(database)


def exists(lake_dir, schema="weir"):
    """Is there a ledger, or one that was set aside?"""
    database = database_of((Path(lake_dir) / "lake.yaml").read_text())
    if database is None:
        name = {"weir": "ledger.db", "weir_replaced": "ledger.db.replaced"}[schema]
        return (Path(lake_dir) / ".weir" / name).exists()
    found = cluster.psql(server_folder(), f"SELECT to_regclass('{schema}.lake')", database)
    return found != [[""]]
