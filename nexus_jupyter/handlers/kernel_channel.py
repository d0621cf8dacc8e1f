"""The kernel websocket, guarded: what untrusted code sends never acts in JupyterLab's origin."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from nexus_jupyter.sandbox.inert import guarded_content
from nexus_jupyter.sandbox.taint import KernelTrust

V1 = "v1.kernel.websocket.jupyter.org"
APP_VIEW = "nexus-app-"
# An app view only talks to widgets the kernel made.
APP_VIEW_MAY = frozenset({"comm_msg", "kernel_info_request", "comm_info_request", "comm_open", "comm_close"})
CONTROL_TARGET = "jupyter.widget.control"
PROVISIONER = "nexus-sandbox"


class GuardedConnection(ZMQChannelsWebsocketConnection):
    """Passes a clean kernel's messages as they are, and an untrusted one's without what could act.

    A connection whose session id starts with `nexus-app-` belongs to an app
    view: it relays to an opaque frame, so it gets everything, and may send
    comm messages only.
    """

    find_trust: ClassVar[Any] = None

    @classmethod
    def with_trust(cls, find_trust: Callable[[], KernelTrust]) -> type[GuardedConnection]:
        """Return this class bound to one server's trust, which is built when the first kernel needs it."""
        return type("GuardedConnection", (cls,), {"find_trust": staticmethod(find_trust)})

    @property
    def trust(self) -> KernelTrust:
        """What the server's sandboxed kernels have run."""
        trust: KernelTrust = self.find_trust()
        return trust

    @property
    def _is_app_view(self) -> bool:
        return str(self.session.session).startswith(APP_VIEW)

    @property
    def _is_sandboxed(self) -> bool:
        spec = getattr(getattr(self.kernel_manager, "provisioner", None), "kernel_spec", None)
        stanza = getattr(spec, "metadata", {}).get("kernel_provisioner", {})
        return bool(stanza.get("provisioner_name") == PROVISIONER)

    @property
    def _generation(self) -> object:
        """The kernel's process: another one means that the kernel was restarted."""
        provisioner = getattr(self.kernel_manager, "provisioner", None)
        return getattr(provisioner, "generation", None)

    def handle_incoming_message(self, incoming_msg: str) -> None:
        """Note what is about to run before it reaches the kernel."""
        if self.channels and (self._is_app_view or self._is_sandboxed):
            msg_type, content = self._peek(incoming_msg)
            if self._is_app_view:
                if msg_type not in APP_VIEW_MAY or (
                    msg_type == "comm_open" and content.get("target_name") != CONTROL_TARGET
                ):
                    self.log.warning("An app view sent %r, which it may not.", msg_type)
                    return
            else:
                self.trust.note(self.kernel_id, self._generation, msg_type, content)
        super().handle_incoming_message(incoming_msg)

    def _peek(self, incoming: Any) -> tuple[str, dict[str, Any]]:
        if self.subprotocol == V1:
            _channel, parts = deserialize_msg_from_ws_v1(incoming)
            header, content = json.loads(parts[0]), json.loads(parts[3])
        else:
            if isinstance(incoming, bytes):
                from jupyter_server.services.kernels.connection.base import deserialize_binary_message

                msg = deserialize_binary_message(incoming)
            else:
                msg = json.loads(incoming)
            header, content = msg["header"], msg["content"]
        return str(header.get("msg_type")), content if isinstance(content, dict) else {}

    def _on_zmq_reply(self, stream: Any, msg_list: Any) -> None:
        """Pass on a message of the kernel, made inert if the kernel is not clean."""
        guard = (
            self._is_sandboxed and not self._is_app_view and not self.trust.is_clean(self.kernel_id, self._generation)
        )
        if guard:
            channel = getattr(stream, "channel", "") or ""
            if isinstance(msg_list, dict):
                content = guarded_content(channel, msg_list["header"]["msg_type"], msg_list["content"])
                if content is None:
                    return
                msg_list = {**msg_list, "content": content}
            else:
                parts = list(msg_list)
                header = self.session.unpack(parts[0])
                content = guarded_content(channel, header["msg_type"], self.session.unpack(parts[3]))
                if content is None:
                    return
                parts[3] = self.session.pack(content)
                msg_list = parts
        super()._on_zmq_reply(stream, msg_list)  # type: ignore[no-untyped-call]
