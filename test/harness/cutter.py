"""A stand-in for a PostgreSQL server's socket that hangs up at the N-th request.

Requests are what the client sends up to the point where it waits (Query or Sync), over all
connections. `before`: the request is lost; `after`: it is carried out, and its answer is lost.
"""
import os
import shutil
import socket
import struct
import tempfile
import threading
from pathlib import Path

NAME = ".s.PGSQL.5432"


def read_exactly(source, size):
    parts = b""
    while len(parts) < size:
        part = source.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts


def read_message(source):
    """A message with its type; the first of a connection has none (read_startup)."""
    head = read_exactly(source, 5)
    return head + read_exactly(source, struct.unpack("!I", head[1:])[0] - 4)


def read_startup(source):
    head = read_exactly(source, 4)
    return head + read_exactly(source, struct.unpack("!I", head)[0] - 4)


def text_of(message):
    """The SQL of a Query or Parse message."""
    if message[:1] == b"Q":
        return message[5:-1].decode(errors="replace")
    return message[5:].split(b"\0")[1].decode(errors="replace") if message[:1] == b"P" else ""


class Cutter:
    """folder: where clients find the socket. requests: the SQL of each, in their order."""

    def __init__(self, server_folder, cut_at=None, when="before"):
        self.server = str(Path(server_folder) / NAME)
        self.cut_at, self.when = cut_at, when
        self.requests, self.was_cut = [], False
        self.lock = threading.Lock()
        self.folder = tempfile.mkdtemp(prefix="weir-cut-")
        os.chmod(self.folder, 0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(self.folder, NAME))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            try:
                server.connect(self.server)
                server.sendall(read_startup(client))
                self.answer(server, client)
                while self.request(client, server):
                    self.answer(server, client)
            except (EOFError, OSError):
                pass  # one of the two has gone, and so does the other

    def request(self, client, server):
        """Pass on what the client sends until it waits; False: to hang up."""
        sent, told = b"", ""
        while True:
            message = read_message(client)
            sent += message
            told = told or text_of(message)
            if message[:1] in (b"Q", b"S"):
                break
            if message[:1] == b"X":
                return False
        with self.lock:
            self.requests.append(told)
            cut = len(self.requests) == self.cut_at
            self.was_cut = self.was_cut or cut
        if cut and self.when == "before":
            return False
        server.sendall(sent)
        if cut:
            self.answer(server, None)
        return not cut

    @staticmethod
    def answer(server, client):
        """Up to the server's being ready for the next request."""
        while True:
            message = read_message(server)
            if client is not None:
                client.sendall(message)
            if message[:1] == b"Z":
                return
