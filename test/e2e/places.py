"""Where the lakes of a test run have their ledgers.

WEIR_TEST_LEDGER=postgres gives every lake a database of its own on a private server; run.py starts
it, and tells the processes of the tests by WEIR_TEST_POSTGRES. A lake.yaml that names a ledger
keeps it.
"""
import contextlib
import itertools
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "harness"))
import cluster  # pylint: disable=wrong-import-position

NUMBERS = itertools.count()


@contextlib.contextmanager
def served():
    """The server that the tests of this process and its children use, if they are to have one."""
    if os.environ.get("WEIR_TEST_LEDGER") != "postgres":
        yield
        return
    server = cluster.Cluster()
    os.environ["WEIR_TEST_POSTGRES"] = str(server.top)
    try:
        yield
    finally:
        del os.environ["WEIR_TEST_POSTGRES"]
        server.close()


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
    cluster.psql(server_folder(), f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def placed(lake_yaml, before=""):
    """The text with a ledger, where it names none. before: the lake.yaml that is replaced."""
    if not on_postgres() or re.search(r"^\s*ledger:|[{,]\s*ledger:", lake_yaml, re.MULTILINE):
        return lake_yaml
    database = database_of(before) or new_database()
    end = "" if lake_yaml.endswith("\n") else "\n"
    return f"{lake_yaml}{end}ledger: {uri_of(database)}\n"


def copied(lake_yaml):
    """The text of a copied lake: with a copy of the ledger."""
    database = database_of(lake_yaml)
    if database is None:
        return lake_yaml
    return lake_yaml.replace(f"///{database}?", f"///{new_database(database)}?")


def drop(lake_dir):
    """The databases of a lake that is not needed any more."""
    with contextlib.suppress(OSError):
        database = database_of((Path(lake_dir) / "lake.yaml").read_text(errors="replace"))
        if database is not None:
            cluster.psql(server_folder(), f"DROP DATABASE {database} WITH (FORCE)")


def lose(lake_dir):
    """The ledger goes, whatever it is; the database stays."""
    database = database_of((Path(lake_dir) / "lake.yaml").read_text())
    if database is not None:
        cluster.psql(server_folder(), "DROP SCHEMA IF EXISTS weir CASCADE", database)
    for path in (Path(lake_dir) / ".weir").glob("ledger.db*"):
        path.unlink()


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
