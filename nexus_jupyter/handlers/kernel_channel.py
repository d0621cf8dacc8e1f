"""The kernel websocket, guarded: what untrusted code sends never acts in JupyterLab's origin."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, ClassVar

from jupyter_client.jsonutil import json_default
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from nexus_jupyter.sandbox.inert import OutputFilter, guarded_content
from nexus_jupyter.sandbox.taint import KernelTrust

V1 = "v1.kernel.websocket.jupyter.org"
APP_VIEW = "nexus-app-"
# An app view only talks to widgets the kernel made.
APP_VIEW_MAY = frozenset({"comm_msg", "kernel_info_request", "comm_info_request", "comm_open", "comm_close"})
CONTROL_TARGET = "jupyter.widget.control"
PROVISIONER = "nexus-sandbox"


def generation_of(manager: Any) -> object:
    """Return what identifies a kernel's process: another value means that the kernel was restarted."""
    return getattr(getattr(manager, "provisioner", None), "generation", None)


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
        return generation_of(self.kernel_manager)

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
            elif not self._may_run(msg_type, content):
                self._refuse(incoming_msg)
                return
            else:
                self.trust.note(self.kernel_id, self._generation, msg_type, content)
        super().handle_incoming_message(incoming_msg)

    def _may_run(self, msg_type: str, content: dict[str, Any]) -> bool:
        """Return whether a request may reach the kernel: without a sandbox only our own code may."""
        provisioner = self.kernel_manager.provisioner
        if getattr(provisioner, "tier", None) != "process" or provisioner.allow_unsafe_process:
            return True
        return self.trust.allows(msg_type, content)

    def _refuse(self, incoming: Any) -> None:
        """Answer a request as a kernel would that failed it at once."""
        channel, header = self._header(incoming)
        reason = (
            "This machine has no sandbox, so only unmodified recipe apps run here. "
            "Install bubblewrap, or set c.SandboxProvisioner.allow_unsafe_process = True."
        )
        error = {"ename": "SandboxUnavailable", "evalue": reason, "traceback": [f"SandboxUnavailable: {reason}"]}
        self._answer("iopub", "status", {"execution_state": "busy"}, header)
        self._answer("iopub", "error", error, header)
        reply = str(header["msg_type"]).removesuffix("_request") + "_reply"
        self._answer(channel, reply, {"status": "error", "execution_count": 0, **error}, header)
        self._answer("iopub", "status", {"execution_state": "idle"}, header)

    def _answer(self, channel: str, msg_type: str, content: dict[str, Any], parent: dict[str, Any]) -> None:
        message = self.session.msg(msg_type, content=content, parent=parent)
        if self.subprotocol == V1:
            self.write_message(serialize_msg_to_ws_v1(message, channel, self.session.pack), binary=True)
        else:
            self.write_message(json.dumps({**message, "channel": channel}, default=json_default))

    def _header(self, incoming: Any) -> tuple[str, dict[str, Any]]:
        if self.subprotocol == V1:
            channel, parts = deserialize_msg_from_ws_v1(incoming)
            return channel, json.loads(parts[0])
        message = json.loads(incoming) if isinstance(incoming, str) else deserialize_binary_message(incoming)
        return message.get("channel", "shell"), message["header"]

    def _peek(self, incoming: Any) -> tuple[str, dict[str, Any]]:
        if self.subprotocol == V1:
            _channel, parts = deserialize_msg_from_ws_v1(incoming)
            header, content = json.loads(parts[0]), json.loads(parts[3])
        else:
            msg = deserialize_binary_message(incoming) if isinstance(incoming, bytes) else json.loads(incoming)
            header, content = msg["header"], msg["content"]
        return str(header.get("msg_type")), content if isinstance(content, dict) else {}

    def _on_zmq_reply(self, stream: Any, msg_list: Any) -> None:
        """Pass on a message of the kernel, made inert if the kernel is not clean."""
        if self._is_sandboxed and not self._is_app_view:
            msg_list = self._guarded(getattr(stream, "channel", "") or "", msg_list)
            if msg_list is None:
                return
        super()._on_zmq_reply(stream, msg_list)  # type: ignore[no-untyped-call]

    def _guarded(self, channel: str, message: Any) -> Any:
        """Return what this front end may get of a message (a dict, or its packed parts), or `None`."""
        if isinstance(message, dict):
            header, parent, content = message["header"], message["parent_header"], message["content"]
        else:
            header, parent, content = (self.session.unpack(message[i]) for i in (0, 1, 3))
        msg_type = header["msg_type"]
        # Followed while the kernel is clean too: it may have made the widget then.
        is_taken = channel == "iopub" and self._outputs.takes(msg_type, content, parent.get("msg_id", ""))
        if self.trust.is_clean(self.kernel_id, self._generation):
            return message
        content = None if is_taken else guarded_content(channel, msg_type, content)
        if content is None:
            return None
        if isinstance(message, dict):
            return {**message, "content": content, "buffers": []}
        return [*message[:3], self.session.pack(content)]

    @functools.cached_property
    def _outputs(self) -> OutputFilter:
        return OutputFilter()
