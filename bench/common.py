"""What the measurements share: the binary, plain DuckDB, a lake in a folder, and times.

WEIR names the binary (an optimised one), WEIR_ORACLE plain DuckDB's; `make bench` sets both.
"""
import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def program(variable, build):
    """The program that the environment names, or exit with what to do."""
    found = os.environ.get(variable)
    if not found or not os.access(found, os.X_OK):
        sys.exit(f"{variable} must name {build}; `make bench` sets it")
    return str(Path(found).resolve())


def weir(lake, *args):
    """Seconds that one call takes; what it prints is dropped."""
    command = [program("WEIR", "an optimised weir binary"), *map(str, args)]
    environment = {**os.environ, "WEIR_CODE_VERSION": "bench"}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=lake, capture_output=True, env=environment, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout.decode()}{done.stderr.decode()}")
    return seconds


def oracle(sql):
    """Seconds that plain DuckDB takes, with its start."""
    command = [program("WEIR_ORACLE", "the oracle of test/harness")]
    start = time.perf_counter()
    done = subprocess.run(command, input=sql.encode(), capture_output=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{sql}\n{done.stderr.decode()}")
    return seconds


def make_lake(top, files):
    for path, text in files.items():
        target = Path(top) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    (Path(top) / "land").mkdir(exist_ok=True)
    return Path(top)


@contextlib.contextmanager
def folder():
    """A temporary folder, on the disk that TMPDIR names."""
    top = Path(tempfile.mkdtemp(prefix="weir-bench-"))
    try:
        yield top
    finally:
        shutil.rmtree(top, ignore_errors=True)


def cpu_seconds(call, *arguments):
    """What the call's processes used of the CPUs: less moved by other work on the machine."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def memory_mb(lake, *args):
    """The most memory that weir itself had in one call; its worker counts apart."""
    command = [program("WEIR", "an optimised weir binary"), *map(str, args)]
    environment = {**os.environ, "WEIR_CODE_VERSION": "bench"}
    process = subprocess.Popen(command, cwd=lake, env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, state, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(state)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} exits with {process.returncode}")
    return used.ru_maxrss / 1024


def milliseconds(seconds):
    return f"{1000 * seconds:.1f} ms"


def tell(name, times):
    """One line: the median, and the range."""
    print(f"{name}: median {milliseconds(statistics.median(times))}, "
          f"{milliseconds(min(times))} to {milliseconds(max(times))}, {len(times)} times")
    sys.stdout.flush()
    return statistics.median(times)
