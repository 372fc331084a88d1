"""A proxy in front of an S3 service that lets every n-th request fail, each time in another way.

Requests are passed on byte for byte, so that signatures hold. The ways: an error of the service,
a throttled request, a connection that ends before the service has seen anything, one that ends
after it has done everything, one on which no answer ever comes, and one whose
body is cut in the middle.
"""
import contextlib
import socket
import threading

WAYS = ("500", "before", "503", "after", "stall", "cut")
CHUNK = 65536
STALL_SECONDS_MAX = 30


def error(status, code):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()
    return (f"HTTP/1.1 {status}\r\nRetry-After: 0\r\nContent-Type: application/xml\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body


ERRORS = {"500": error("500 Internal Server Error", "InternalError"),
          "503": error("503 Slow Down", "SlowDown")}


class Stream:
    """What comes on a connection, message by message."""

    def __init__(self, connection):
        self.connection = connection
        self.held = b""

    def more(self):
        got = self.connection.recv(CHUNK)
        self.held += got
        return bool(got)

    def take(self, size):
        while len(self.held) < size and self.more():
            pass
        taken, self.held = self.held[:size], self.held[size:]
        return taken

    def message(self, bodyless=False):
        """One head and its body; b"" at the end."""
        while b"\r\n\r\n" not in self.held:
            if not self.more():
                return b""
        head = self.take(self.held.index(b"\r\n\r\n") + 4)
        lines = [line.lower() for line in head.split(b"\r\n")[1:] if b":" in line]
        fields = dict(line.split(b":", 1) for line in lines)
        if bodyless or head.startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")):
            return head
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            return head + self.chunked()
        return head + self.take(int(fields.get(b"content-length", b"0")))

    def chunked(self):
        whole = b""
        while not whole.endswith(b"0\r\n\r\n"):
            while b"\r\n" not in self.held:
                if not self.more():
                    return whole
            size = self.take(self.held.index(b"\r\n") + 2)
            whole += size + self.take(int(size, 16) + 2)
        return whole


class Proxy:
    """Listens at once. every=0: nothing fails."""

    def __init__(self, port, every):
        self.to, self.every = port, every
        self.watch = None  # called with each request before it is passed on
        self.count, self.failed = 0, []
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def next_way(self, request):
        """How this request fails; None: it does not."""
        with self.lock:
            self.count += 1
            if not self.every or self.count % self.every:
                return None
            way = WAYS[len(self.failed) % len(WAYS)]
            self.failed.append((way, request.split(b" HTTP/", 1)[0].decode(errors="replace")))
            return way

    def serve(self, connection):
        with contextlib.suppress(OSError), connection, \
                socket.create_connection(("127.0.0.1", self.to)) as service:
            incoming, answers = Stream(connection), Stream(service)
            while request := incoming.message():
                if not self.pass_on(request, connection, service, answers):
                    return

    def pass_on(self, request, connection, service, answers):
        if self.watch:
            self.watch(request)
        way = self.next_way(request)
        if way == "before":
            return False
        if way in ERRORS:
            connection.sendall(ERRORS[way])
            return False
        service.sendall(request)
        answer = answers.message(bodyless=request.startswith(b"HEAD "))
        if way == "after" or not answer:
            return False
        if way == "stall":
            self.over.wait(STALL_SECONDS_MAX)
            return False
        if way == "cut":
            head = answer.index(b"\r\n\r\n") + 4
            connection.sendall(answer[:head + (len(answer) - head) // 2])
            return len(answer) == head
        connection.sendall(answer)
        return True

    def stop(self):
        self.over.set()
        self.listener.close()
