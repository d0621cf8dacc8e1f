"""The only way out of a sandbox: model calls, through the server that started the kernel.

The kernel holds one end of a socket pair. To make a call it opens a pair of its
own and sends one end over: no path, no port and no token are inside. Here each
call gets a scoped token, and only OpenAI's routes are passed on.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import stat
import threading
from pathlib import Path
from typing import Any

from nexus_jupyter.broker import endpoint
from nexus_jupyter.broker.client import BrokerClient
from nexus_jupyter.broker.wire import MAX_HEAD, error_body
from nexus_jupyter.errors import NexusError, TokenRefused
from nexus_jupyter.sandbox.identity import app_id

ROUTES = (b"/v1/chat/completions ", b"/v1/models ", b"/v1/embeddings ")
MOST_AT_ONCE = 8
#: What a kernel may use in its life unless its app's budget says less.
MOST_TOKENS = 500_000
PIECE = 65_536
REFUSAL_SECONDS = 1.0


class ModelLine:
    """One kernel's line to the models.

    Parameters
    ----------
    notebook
        The kernel's notebook, if it is known.
    state
        The folder whose broker is meant.
    """

    def __init__(self, notebook: Path | None, state: Path | None = None) -> None:
        self.inner: socket.socket
        self._outer, self.inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._notebook = notebook
        self._state = state or endpoint.state_dir()
        self._id = secrets.token_hex(8)
        self._secret = secrets.token_urlsafe(24)
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)
        threading.Thread(target=self._listen, name="nexus-line", daemon=True).start()

    def close(self) -> None:
        """End the line; calls under way end with the kernel's sockets."""
        with contextlib.suppress(OSError):
            self._outer.shutdown(socket.SHUT_RDWR)
        self._outer.close()
        self.inner.close()

    def _listen(self) -> None:
        while True:
            try:
                message, descriptors, _, _ = socket.recv_fds(self._outer, 16, 1)
            except OSError:
                return
            if not message:
                return
            for descriptor in descriptors:
                if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                    os.close(descriptor)
                    continue
                caller = socket.socket(fileno=descriptor)
                if not self._places.acquire(blocking=False):
                    _refuse(caller, TokenRefused("Too many model calls at once.", "Wait for one to end."))
                    continue
                threading.Thread(target=self._serve, args=(caller,), name="nexus-line-call", daemon=True).start()

    def _serve(self, caller: socket.socket) -> None:
        try:
            head, rest = _head(caller)
            request = head.split(b"\r\n")
            _, _, route = request[0].partition(b" ")
            if not route.startswith(ROUTES):
                raise TokenRefused("A sandboxed kernel may only make model calls.")
            with self._broker(request, rest) as broker:
                _join(caller, broker)
        except NexusError as error:
            _refuse(caller, error)
        except OSError:
            pass  # one of the two is gone
        finally:
            caller.close()
            self._places.release()

    @contextlib.contextmanager
    def _broker(self, request: list[bytes], rest: bytes) -> Any:
        """Send the request on with a token of our own in place of whatever it carries."""
        token = self._token()
        lines = [line for line in request if not line.lower().startswith(b"authorization:")]
        lines.append(b"Authorization: Bearer " + token.encode())
        found = endpoint.ensure(self._state)
        with endpoint.connect(found.address) as broker:
            broker.settimeout(None)
            broker.sendall(b"\r\n".join([*lines, b"", b""]) + rest)
            yield broker

    def _token(self) -> str:
        broker = BrokerClient(lambda: endpoint.ensure(self._state))
        chosen = broker.ask("GET", "/nexus/chosen")["model"]
        grant = {
            "id": self._id,
            "label": f"the kernel of {self._notebook.name}" if self._notebook else "a sandboxed kernel",
            "app_id": app_id(self._notebook) if self._notebook else "",
            "models": [chosen] if chosen else [],
            "max_tokens": MOST_TOKENS,
            "seconds": 7 * 24 * 3600,
            "secret": self._secret,
        }
        token: str = broker.ask("POST", "/nexus/tokens", grant)["token"]
        return token


def _head(caller: socket.socket) -> tuple[bytes, bytes]:
    """Return a request's head without its end, and what came behind it.

    Raises
    ------
    TokenRefused
        It is no HTTP request.
    """
    caller.settimeout(30)
    received = b""
    while b"\r\n\r\n" not in received:
        piece = caller.recv(PIECE)
        received += piece
        if not piece or len(received) > MAX_HEAD + PIECE:
            raise TokenRefused("This is no request.")
    caller.settimeout(None)
    head, _, rest = received.partition(b"\r\n\r\n")
    return head, rest


def _join(caller: socket.socket, broker: socket.socket) -> None:
    """Pass on the rest of the request, and the answer, until the answer ends or the caller is gone."""

    def onward() -> None:
        with contextlib.suppress(OSError):
            while piece := caller.recv(PIECE):
                broker.sendall(piece)
        # The caller is gone: so must the call be.
        with contextlib.suppress(OSError):
            broker.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=onward, name="nexus-line-up", daemon=True).start()
    with contextlib.suppress(OSError):
        while piece := broker.recv(PIECE):
            caller.sendall(piece)
    with contextlib.suppress(OSError):
        caller.shutdown(socket.SHUT_RDWR)


def _refuse(caller: socket.socket, error: NexusError) -> None:
    import json

    body = json.dumps(error_body(error)).encode()
    head = f"HTTP/1.0 {error.status} Refused\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with contextlib.suppress(OSError), caller:
        caller.sendall(head.encode() + body)
        caller.shutdown(socket.SHUT_WR)
        caller.settimeout(REFUSAL_SECONDS)  # closing with something unread would take the answer back
        while caller.recv(PIECE):
            pass
