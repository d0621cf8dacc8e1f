"""The system call filter, run by a small interpreter of classic BPF: both architectures on any machine."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path

import pytest

from nexus_jupyter.errors import SandboxUnavailable
from nexus_jupyter.sandbox.seccomp import DENIED, FILTERED, program

pytestmark = pytest.mark.needs_no_sandbox

ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS, EAFNOSUPPORT = 0x50001, 0x50026, 0x50061


def verdict(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, arch or ARCHITECTURES[machine][1], 0, *padded)
    steps = list(struct.iter_unpack("HBBI", program(machine)))
    at = accumulator = 0
    while True:
        code, if_true, if_false, operand = steps[at]
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, operand)[0]
        elif code == 0x06:
            return operand
        else:
            holds = {0x15: accumulator == operand, 0x35: accumulator >= operand, 0x45: bool(accumulator & operand)}
            at += if_true if holds[code] else if_false


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_denied_calls_are_refused_and_all_others_pass(machine: str) -> None:
    column = ARCHITECTURES[machine][0]
    denied = {numbers[column] for numbers in DENIED.values() if numbers[column] >= 0}
    filtered = {numbers[column] for numbers in FILTERED.values()}
    for number in range(480):
        if number not in filtered:
            assert verdict(machine, number) == (EPERM if number in denied else ALLOW), number


@pytest.mark.parametrize("machine", ARCHITECTURES)
def test_filtered_calls_are_judged_by_their_arguments(machine: str) -> None:
    number = {name: numbers[ARCHITECTURES[machine][0]] for name, numbers in FILTERED.items()}
    assert verdict(machine, number["clone3"]) == ENOSYS
    assert verdict(machine, number["clone"], 17) == ALLOW
    for bit in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(machine, number["clone"], 17 | bit) == EPERM
    for name in ("socket", "socketpair"):
        assert {family for family in range(50) if verdict(machine, number[name], family) == ALLOW} == {1, 2, 10, 16}
        assert verdict(machine, number[name], 40) == EAFNOSUPPORT
    assert verdict(machine, number["ioctl"], 0, 0x5413) == ALLOW
    assert verdict(machine, number["ioctl"], 0, 0x5412) == EPERM
    assert verdict(machine, number["ioctl"], 0, 0x541C) == EPERM
    assert verdict(machine, number["personality"], 0xFFFFFFFF) == ALLOW
    assert verdict(machine, number["personality"], 0x0040000) == EPERM


def test_foreign_architecture_and_x32_do_not_go_around_the_filter() -> None:
    assert verdict("x86_64", 1, arch=0x40000003) == KILL
    assert verdict("aarch64", 1, arch=0xC000003E) == KILL
    assert verdict("x86_64", 0x40000000 | 165) == ENOSYS


def test_unknown_architecture_is_refused_in_words() -> None:
    with pytest.raises(SandboxUnavailable, match="riscv64"):
        program("riscv64")


def test_numbers_are_those_of_libseccomp() -> None:
    names = [*DENIED, *FILTERED]
    code = f"""
import json, seccomp
arches = seccomp.Arch.X86_64, seccomp.Arch.AARCH64
print(json.dumps({{n: [max(-1, seccomp.resolve_syscall(a, n)) for a in arches] for n in {names!r}}}))
"""
    python = Path("/usr/bin/python3")  # the binding comes with the distribution, not from PyPI
    done = (
        subprocess.run([str(python), "-c", code], capture_output=True, text=True, timeout=30)
        if python.exists()
        else None
    )
    if done is None or done.returncode:
        pytest.skip("python3-seccomp is not installed")
    assert {name: list(numbers) for name, numbers in (DENIED | FILTERED).items()} == json.loads(done.stdout)
