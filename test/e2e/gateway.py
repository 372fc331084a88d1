"""A real S3 service for tests: versitygw over a folder, on the loopback, until it is stopped.

scripts/setup test builds it into .deps/bin; WEIR_GATEWAY names another. A bucket is a folder of the
service's, an object is a file below it, so that tests look at buckets as at folders.
"""
import contextlib
import ctypes
import hmac
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from datetime import datetime, timezone
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

REPOSITORY = Path(__file__).resolve().parents[2]
ACCESS_KEY, SECRET_KEY = "weir-test", "weir-canary-3f9c1d"
START_SECONDS_MAX = 60
BUCKET = "weir-e2e"
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 2 << 30
PR_SET_PDEATHSIG = 1


def program():
    return Path(os.environ.get("WEIR_GATEWAY") or REPOSITORY / ".deps/bin/versitygw")


def is_there():
    return program().is_file()


def quick_folder():
    """In memory, where there is room and what the service needs: no test asks it to be durable."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN:
            top = tempfile.mkdtemp(prefix="weir-gateway-", dir=MEMORY)
            try:
                os.setxattr(top, "user.weir", b"")
                return Path(top)
            except OSError:
                os.rmdir(top)
    return Path(tempfile.mkdtemp(prefix="weir-gateway-"))


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def variables(port, scheme="http"):
    """What S3's clients need to find a service on this port."""
    return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ENDPOINT_URL": f"{scheme}://127.0.0.1:{port}", "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true"}


def signed(path, headers):
    """Signature Version 4 of a HEAD without a query."""
    day, names = headers["x-amz-date"][:8], ";".join(sorted(headers))
    scope = f"{day}/us-east-1/s3/aws4_request"
    request = "\n".join(["HEAD", path, "", *(f"{k}:{headers[k]}" for k in sorted(headers)), "",
                         names, headers["x-amz-content-sha256"]])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope,
                      sha256(request.encode()).hexdigest()])
    key = f"AWS4{SECRET_KEY}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return (f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, "
            f"Signature={key.hex()}")


class Gateway:
    """Started when made. folder: one folder below per bucket. tls: files of certificate and key.
    events: the address that is told of objects that come and go."""

    def __init__(self, tls=(), events=None):
        self.folder = quick_folder()
        self.make_bucket(BUCKET)
        self.scheme = "https" if tls else "http"
        self.log = self.folder / "access.log"
        self.port = free_port()
        options = [f"--{name}={file}" for name, file in zip(("cert", "key"), tls)]
        options += [f"--event-webhook-url={events}"] if events else []
        self.process = subprocess.Popen(
            [program(), "--quiet", "--keep-alive", "--access-log", self.log, "--port",
             f"127.0.0.1:{self.port}", *options, "posix", self.folder],
            env={"PATH": os.environ["PATH"], "ROOT_ACCESS_KEY": ACCESS_KEY,
                 "ROOT_SECRET_KEY": SECRET_KEY}, stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        end = time.monotonic() + START_SECONDS_MAX
        while not answers(self.port):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{program()} does not answer")

    def make_bucket(self, name):
        (self.folder / name).mkdir()
        return self.folder / name

    def bucket(self, name=BUCKET):
        return self.folder / name

    def variables(self):
        return variables(self.port, self.scheme)

    def requests(self):
        """[(operation, key)] so far, as the service logged them."""
        if not self.log.exists():
            return []
        fields = [line.split(" ") for line in self.log.read_text(errors="replace").splitlines()]
        return [(f[7], f[8]) for f in fields if len(f) > 8]

    def head(self, key, name=BUCKET):
        """What the service tells of an object: headers, their names in lower case."""
        path, moment = f"/{name}/{quote(key)}", datetime.now(timezone.utc)
        headers = {"host": f"127.0.0.1:{self.port}",
                   "x-amz-content-sha256": sha256(b"").hexdigest(),
                   "x-amz-date": f"{moment:%Y%m%dT%H%M%SZ}"}
        asked = HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS_MAX)
        asked.request("HEAD", path, headers={**headers, "authorization": signed(path, headers)})
        answer = asked.getresponse()
        asked.close()
        if answer.status != 200:
            raise AssertionError(f"HEAD {path}: {answer.status}")
        return {k.lower(): v for k, v in answer.getheaders()}

    def unfinished_uploads(self, name=BUCKET):
        top = self.folder / name / ".sgwtmp" / "multipart"
        return [str(p.relative_to(top)) for p in top.rglob("*")] if top.is_dir() else []

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
