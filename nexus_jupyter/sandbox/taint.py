"""Has a kernel run only code that is trusted? Decided before each request reaches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nexus_jupyter.models.code import code_hash

# These only look at the kernel, or talk to widgets it already has.
HARMLESS = frozenset(
    {
        "kernel_info_request", "comm_info_request", "comm_open", "comm_msg", "comm_close", "history_request",
        "is_complete_request", "complete_request", "inspect_request", "interrupt_request", "shutdown_request",
        "input_reply", "create_subshell_request", "delete_subshell_request", "list_subshell_request",
    }
)  # fmt: skip

# JupyterLab asks this of every kernel it sees; other debugger commands evaluate expressions.
HARMLESS_DEBUG = frozenset({"debugInfo", "disconnect"})


@dataclass
class _Record:
    generation: object = None
    untrusted: dict[str, str] = field(default_factory=dict)
    forever: bool = False


class KernelTrust:
    """Keeps, for each sandboxed kernel, the untrusted code it has run.

    Parameters
    ----------
    is_trusted
        Whether a piece of code is ours or its hash is trusted by the owner.
    """

    def __init__(self, is_trusted: Callable[[str], bool]) -> None:
        self._is_trusted = is_trusted
        self._records: dict[str, _Record] = {}

    def _record(self, kernel_id: str, generation: object) -> _Record:
        record = self._records.get(kernel_id)
        if record is None or record.generation != generation:  # a restarted kernel has run nothing yet
            record = self._records[kernel_id] = _Record(generation=generation)
        return record

    def allows(self, msg_type: str, content: dict[str, Any]) -> bool:
        """Return whether a request runs nothing, or only trusted code."""
        if msg_type in HARMLESS or (msg_type == "debug_request" and content.get("command") in HARMLESS_DEBUG):
            return True
        code = content.get("code")
        is_plain = msg_type == "execute_request" and isinstance(code, str) and not content.get("user_expressions")
        return is_plain and self._is_trusted(str(code))

    def note(self, kernel_id: str, generation: object, msg_type: str, content: dict[str, Any]) -> None:
        """Record a request that is about to reach a kernel.

        Parameters
        ----------
        generation
            Identifies the kernel's process: another value means it was restarted.
        """
        if self.allows(msg_type, content):
            return
        record = self._record(kernel_id, generation)
        code = content.get("code")
        if msg_type != "execute_request" or not isinstance(code, str) or content.get("user_expressions"):
            record.forever = True  # debug requests and the like evaluate what nobody hashed
        else:
            record.untrusted[code_hash(code)] = code

    def is_clean(self, kernel_id: str, generation: object) -> bool:
        """Return whether everything the kernel ran is trusted now."""
        record = self._record(kernel_id, generation)
        if record.untrusted:
            record.untrusted = {h: c for h, c in record.untrusted.items() if not self._is_trusted(c)}
        return not record.forever and not record.untrusted
