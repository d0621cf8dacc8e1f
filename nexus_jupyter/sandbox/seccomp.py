"""The system call filter of a sandboxed kernel, assembled in pure Python (no libseccomp).

A deny-list: what a kernel needs differs per library, what an escape needs is known. The numbers of both
architectures are compared with libseccomp's own tables by a test.
"""

from __future__ import annotations

import functools
import platform
import struct
from typing import Final, NamedTuple

from nexus_jupyter.errors import SandboxUnavailable

#: name -> (x86_64, aarch64); -1 where an architecture has no such call.
DENIED: Final[dict[str, tuple[int, int]]] = {
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "setns": (308, 268),
    "unshare": (272, 97),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # the kernel's own machinery, and parts of it that were often the way in
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "vmsplice": (278, 75),
    "memfd_secret": (447, 447),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
    "_sysctl": (156, -1),
    "sysfs": (139, -1),
    "ustat": (136, -1),
    "uselib": (134, -1),
    "modify_ldt": (154, -1),
    "iopl": (172, -1),
    "ioperm": (173, -1),
    # the machine
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "syslog": (103, 116),
    "vhangup": (153, 58),
}

#: Calls that are filtered by argument: name -> (x86_64, aarch64).
FILTERED: Final[dict[str, tuple[int, int]]] = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "ioctl": (16, 29),
    "personality": (135, 92),
}

_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT: Final = 0x40000000
#: CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}
_NAMESPACE_FLAGS: Final = 0x7E020000
_FAMILIES: Final = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
_TERMINAL_INJECTION: Final = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_PERSONALITIES: Final = (0, 0xFFFFFFFF)  # the ordinary one, and the question which one it is

_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24  # offsets in struct seccomp_data (little endian halves)
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97


class _Step(NamedTuple):
    """One instruction of classic BPF: code, jump if true, jump if false, operand."""

    code: int
    if_true: int
    if_false: int
    operand: int

    def pack(self) -> bytes:
        return struct.pack("HBBI", self.code, self.if_true, self.if_false, self.operand)


def _refuse(error: int) -> _Step:
    return _Step(_RETURN, 0, 0, _ERRNO | error)


def _unless_argument_in(number: int, offset: int, allowed: tuple[int, ...], error: int) -> list[_Step]:
    """Refuse call `number` unless its argument at `offset` is one of `allowed`."""
    tests = [_Step(_JEQ, len(allowed) - index, 0, value) for index, value in enumerate(allowed)]
    body = [_Step(_LOAD, 0, 0, offset), *tests, _refuse(error), _Step(_LOAD, 0, 0, _NUMBER)]
    return [_Step(_JEQ, 0, len(body), number), *body]


def _when_argument_in(number: int, offset: int, denied: tuple[int, ...], error: int) -> list[_Step]:
    """Refuse call `number` when its argument at `offset` is one of `denied`."""
    tests = [_Step(_JEQ, len(denied) - 1 - index, 0, value) for index, value in enumerate(denied[:-1])]
    last = _Step(_JEQ, 0, 1, denied[-1])
    body = [_Step(_LOAD, 0, 0, offset), *tests, last, _refuse(error), _Step(_LOAD, 0, 0, _NUMBER)]
    return [_Step(_JEQ, 0, len(body), number), *body]


@functools.cache
def program(machine: str | None = None) -> bytes:
    """Return the filter for `machine` (default: this one) as an array of `struct sock_filter`.

    Raises
    ------
    SandboxUnavailable
        No table for this architecture.
    """
    machine = machine or platform.machine()
    if machine not in _AUDIT_ARCH:
        raise SandboxUnavailable(
            f"There is no system call filter for the architecture `{machine}`.",
            "Use x86_64 or aarch64, or allow the `process` tier.",
        )
    column = 0 if machine == "x86_64" else 1
    filtered = {name: numbers[column] for name, numbers in FILTERED.items()}
    steps = [
        _Step(_LOAD, 0, 0, _ARCH),
        _Step(_JEQ, 1, 0, _AUDIT_ARCH[machine]),
        _Step(_RETURN, 0, 0, _KILL_PROCESS),
        _Step(_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":  # the x32 twin of every call would go past the numbers below
        steps += [_Step(_JGE, 0, 1, _X32_BIT), _refuse(_ENOSYS)]
    for numbers in DENIED.values():
        if numbers[column] >= 0:
            steps += [_Step(_JEQ, 0, 1, numbers[column]), _refuse(_EPERM)]
    # clone3 hides its flags behind a pointer; ENOSYS makes the C library fall back to clone.
    steps += [_Step(_JEQ, 0, 1, filtered["clone3"]), _refuse(_ENOSYS)]
    steps += [
        _Step(_JEQ, 0, 4, filtered["clone"]),
        _Step(_LOAD, 0, 0, _ARG0),
        _Step(_JSET, 0, 1, _NAMESPACE_FLAGS),
        _refuse(_EPERM),
        _Step(_LOAD, 0, 0, _NUMBER),
    ]
    steps += _unless_argument_in(filtered["socket"], _ARG0, _FAMILIES, _EAFNOSUPPORT)
    steps += _unless_argument_in(filtered["socketpair"], _ARG0, _FAMILIES, _EAFNOSUPPORT)
    steps += _when_argument_in(filtered["ioctl"], _ARG1, _TERMINAL_INJECTION, _EPERM)
    steps += _unless_argument_in(filtered["personality"], _ARG0, _PERSONALITIES, _EPERM)
    steps.append(_Step(_RETURN, 0, 0, _ALLOW))
    return b"".join(step.pack() for step in steps)
