"""A forward proxy for tests: passes requests on to one service, whatever host they name.

Plain HTTP comes with the whole URL (RFC 9112, 3.2.2), TLS through CONNECT; what is said inside it
does not see. It notes what it was asked for.
"""
import contextlib
import socket
import threading

CHUNK = 65536


class ForwardProxy:
    """Listens at once. port: of the service."""

    def __init__(self, port):
        self.to = port
        self.asked = []  # (method, target)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection, \
                socket.create_connection(("127.0.0.1", self.to)) as service:
            head, rest = self.read_head(connection)
            if not head:
                return
            method, target, version = head.split(b"\r\n", 1)[0].split(b" ")
            self.asked.append((method.decode(), target.decode()))
            if method == b"CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                service.sendall(rest)
            else:
                service.sendall(self.passed_on(method, target, version, head) + rest)
            self.relay(connection, service)

    @staticmethod
    def passed_on(method, target, version, head):
        """As the service wants it; the connection ends with its answer."""
        path = b"/" + target.split(b"/", 3)[3]
        fields = [line for line in head.split(b"\r\n")[1:]
                  if not line.lower().startswith((b"proxy-", b"connection:"))]
        return b"\r\n".join([b" ".join((method, path, version)), b"Connection: close", *fields])

    @staticmethod
    def read_head(connection):
        held = b""
        while b"\r\n\r\n" not in held:
            got = connection.recv(CHUNK)
            if not got:
                return b"", b""
            held += got
        end = held.index(b"\r\n\r\n") + 4
        return held[:end], held[end:]

    def relay(self, one, other):
        """Both ways, until either ends."""
        back = threading.Thread(target=self.pump, args=(one, other), daemon=True)
        back.start()
        self.pump(other, one)
        back.join()

    @staticmethod
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while got := source.recv(CHUNK):
                sink.sendall(got)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def stop(self):
        self.listener.close()
