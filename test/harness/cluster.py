"""A private PostgreSQL for tests: made in a temporary folder, and gone with whoever asked for it.

    cluster.py    print the connection URI, and serve until standard input ends

The server listens on a socket in its own folder only. What initdb makes is kept below the build
folder, or in the system's temporary folder, and copied. As root everything runs as another user,
because PostgreSQL refuses root. Not durable, on purpose: fsync is off.
"""
import ctypes
import fcntl
import glob
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

USER = "weir"  # of the database
START_SECONDS_MAX = 60
PR_SET_PDEATHSIG = 1
SETTINGS = {
    "listen_addresses": "''", "fsync": "off", "full_page_writes": "off", "shared_buffers": "16MB",
    "max_connections": "60", "autovacuum": "off", "wal_level": "minimal", "max_wal_senders": "0",
    "log_min_messages": "warning", "jit": "off", "min_wal_size": "4MB",
}


def binaries():
    """The folder of initdb and pg_ctl, or None."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"),
                   key=lambda path: int(Path(path).parts[-3]) if Path(path).parts[-3].isdigit()
                   else 0)
    if found:
        return Path(found[-1]).parent
    path = shutil.which("initdb")
    return Path(path).parent if path else None


def server_user():
    """Whom the server runs as; None: ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("there is no user that PostgreSQL could run as")


def become(user):
    """What a child does before it is the program: it is the server's user, and dies with us."""
    def change():
        if user is not None:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
    return change


def environment():
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"}


def call(user, *command):
    """Run as the server's user, and give what it printed."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/",
                          env=environment(), preexec_fn=become(user), check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout.decode(errors='replace')}")
    return done.stdout.decode(errors="replace")


def give(user, top):
    if user is None:
        return
    for folder, names, files in os.walk(top):
        for name in [folder, *(os.path.join(folder, n) for n in names + files)]:
            os.chown(name, user.pw_uid, user.pw_gid)


def template(user, bin_folder):
    """A data folder to copy, made once for this program and these settings."""
    key = hashlib.sha256(f"{bin_folder}{SETTINGS}{os.geteuid()}".encode()).hexdigest()[:16]
    kept = Path(tempfile.gettempdir()) / f"weir-postgres-{os.geteuid()}-{key}"
    with open(f"{kept}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.is_dir() and kept.stat().st_uid == os.geteuid():
            return kept
        with tempfile.TemporaryDirectory(prefix="weir-initdb-") as top:
            give(user, top)
            made = Path(top) / "data"
            call(user, bin_folder / "initdb", "-D", made, "-U", USER, "-A", "trust", "-E", "UTF8",
                 "--locale=C", "--wal-segsize=1", "--no-sync", "--no-instructions")
            with open(made / "postgresql.conf", "a", encoding="ascii") as settings:
                settings.writelines(f"{key} = {value}\n" for key, value in SETTINGS.items())
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(made, f"{kept}.new", dirs_exist_ok=True)
            os.rename(f"{kept}.new", kept)
    return kept


def psql(folder, text, database="postgres", port=None):
    """Rows as lists of texts, of the server with its socket in the folder."""
    place = ["-h", str(folder), "-U", USER, "-d", database, *([] if port is None else ["-p", port])]
    done = subprocess.run([str(binaries() / "psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v",
                           "ON_ERROR_STOP=1", *map(str, place), "-c", text],
                          capture_output=True, env=environment(), check=False)
    if done.returncode != 0:
        raise RuntimeError(f"psql: {done.stderr.decode(errors='replace')}\n{text}")
    return [line.split("\t") for line in done.stdout.decode(errors="replace").splitlines()]


class Cluster:
    """A running server. port: also on that port of the loopback, for tests of passwords and TLS.
    settings: more of them; files: name → bytes, beside the data, for the server alone to read."""

    def __init__(self, port=None, settings=None, files=None):
        self.bin = binaries()
        if self.bin is None:
            raise RuntimeError("there is no PostgreSQL server: run scripts/setup test")
        self.user = server_user()
        self.port = port
        self.settings = settings or {}
        self.top = Path(tempfile.mkdtemp(prefix="weir-pg-"))
        self.data = self.top / "data"
        shutil.copytree(template(self.user, self.bin), self.data)
        for name, content in (files or {}).items():
            (self.data / name).write_bytes(content)
            (self.data / name).chmod(0o600)
        give(self.user, self.top)
        os.chmod(self.top, 0o755)
        os.chmod(self.data, 0o700)
        self.start()

    def start(self):
        command = [self.bin / "postgres", "-D", self.data, "-k", self.top]
        if self.port is not None:
            command += ["-p", self.port, "-c", "listen_addresses=127.0.0.1"]
        for key, value in self.settings.items():
            command += ["-c", f"{key}={value}"]
        with open(self.top / "log", "ab") as log:
            self.server = subprocess.Popen(
                [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", env=environment(), preexec_fn=become(self.user))
        self.wait_until_ready()

    def wait_until_ready(self):
        end = time.monotonic() + START_SECONDS_MAX
        ready = [self.bin / "pg_isready", "-q", "-h", self.top]
        ready += [] if self.port is None else ["-p", str(self.port)]
        while subprocess.run(ready, check=False, env=environment()).returncode != 0:
            if self.server.poll() is not None or time.monotonic() > end:
                told = (self.top / "log").read_text(errors="replace")
                raise RuntimeError(f"the server does not start:\n{told}")
            time.sleep(0.02)  # the server tells nobody that it is ready

    def stop(self, how=signal.SIGQUIT):
        """SIGQUIT: at once; SIGINT: without waiting for clients; SIGTERM: when they are gone."""
        self.server.send_signal(how)
        self.server.wait()

    def close(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.top, ignore_errors=True)

    def uri(self, schema=None, database="postgres"):
        port = "" if self.port is None else f"&port={self.port}"
        end = "" if schema is None else f"&schema={schema}"
        return f"postgresql:///{database}?host={self.top}&user={USER}{port}{end}"

    def sql(self, text, database="postgres"):
        return psql(self.top, text, database, self.port)


def main():
    cluster = Cluster()
    try:
        print(cluster.uri(), flush=True)
        while os.read(0, 4096):
            pass
    finally:
        cluster.close()


if __name__ == "__main__":
    main()
