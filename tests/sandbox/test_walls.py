"""What a sandboxed kernel cannot see, reach or change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

ESCAPES = {
    "mount": "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
    "umount": "libc.umount2(b'/project', 2)",
    "unshare a user namespace": "libc.unshare(0x10000000)",
    "clone a user namespace": "libc.syscall({'x86_64': 56, 'aarch64': 220}[machine], 0x10000000 | 17, 0, 0, 0, 0)",
    "enter pid 1's namespace": "libc.setns(place, 0)",
    "trace a process": "libc.ptrace(16, 1, 0, 0)",
    "load a BPF program": "libc.syscall({'x86_64': 321, 'aarch64': 280}[machine], 0, 0, 0)",
    "set up io_uring": "libc.syscall(425, 1, 0)",
    "chroot": "libc.chroot(b'/tmp')",
    "use the keyring": "libc.syscall({'x86_64': 250, 'aarch64': 219}[machine], 0, -3, 1)",
    "name a host file by handle": "libc.open_by_handle_at(3, b'0' * 64, 0)",
}


@pytest.mark.parametrize("escape", ESCAPES)
def test_system_call_is_refused(notebook: Any, escape: str) -> None:
    code = f"""
import ctypes, errno, os, platform
machine, libc = platform.machine(), ctypes.CDLL(None, use_errno=True)
place = os.open("/proc/self/ns/mnt", os.O_RDONLY)
print({ESCAPES[escape]}, errno.errorcode.get(ctypes.get_errno()))
os.close(place)
"""
    assert notebook.run(code) == "-1 EPERM"


def test_privileges_are_gone(notebook: Any) -> None:
    code = """
status = dict(line.strip().split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line and line.strip()[-1] != ":")
caps = {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
print(caps, status["NoNewPrivs"], status["Seccomp"], status["Uid"].split())
"""
    assert notebook.run(code) == "{'0000000000000000'} 1 2 ['1000', '1000', '1000', '1000']"


def test_process_is_not_root_on_the_host(notebook: Any) -> None:
    assert notebook.run("import os; os.getuid()") == "1000"
    bubble = notebook.manager.provisioner._bubble
    info = Path(f"/proc/self/fdinfo/{bubble._kernel_fd}").read_text()
    kernel = next(line.split()[1] for line in info.splitlines() if line.startswith("Pid:"))
    for pid in (kernel, bubble.pid):
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
        uids = next(line for line in status if line.startswith("Uid")).split()[1:]
        assert len(uids) == 4
        assert "0" not in uids


def test_environment_of_the_server_is_hidden(notebook: Any) -> None:
    assert os.environ["NEXUS_CANARY"] == "canary-of-the-server"
    code = """
import glob, os
found = ["os.environ"] * any("canary-of" in value for value in os.environ.values())
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline"):
    try:
        found += [path] * (b"canary-of-" b"the-server" in open(path, "rb").read())
    except OSError:
        pass
print(found, sorted(name for name in os.environ if name.startswith(("NEXUS", "JUPYTER", "SSH", "AWS", "OPENAI"))))
"""
    assert notebook.run(code) == "[] ['NEXUS_LINE']"  # a descriptor's number


def test_first_processes_never_had_the_servers_environment(notebook: Any) -> None:
    pids = [notebook.manager.provisioner._bubble.pid]
    pids += [int(pid) for pid in Path(f"/proc/{pids[0]}/task/{pids[0]}/children").read_text().split()]
    assert len(pids) == 2
    for pid in pids:
        assert Path(f"/proc/{pid}/environ").read_bytes() == b""


def test_network_is_only_an_empty_loopback(notebook: Any) -> None:
    code = """
import socket
print([name for _, name in socket.if_nameindex()])
for family, address in ((socket.AF_INET, ("1.1.1.1", 53)), (socket.AF_INET6, ("2606:4700::1111", 53))):
    try:
        socket.socket(family).connect(address)
        print("connected")
    except OSError as error:
        print(error.errno in (101, 99, 113))
for family in (17, 40, 38):  # AF_PACKET, AF_VSOCK, AF_ALG
    try:
        socket.socket(family, socket.SOCK_DGRAM)
        print("made")
    except OSError as error:
        print(error.errno)
"""
    assert notebook.run(code).split("\n") == ["['lo']", "True", "True", "97", "97", "97"]


def test_server_on_loopback_is_out_of_reach(notebook: Any) -> None:
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert "ConnectionRefusedError" in notebook.run(
            f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        )


def test_project_is_the_working_folder_and_read_only(notebook: Any) -> None:
    assert notebook.run("import os; os.getcwd(), open('data.csv').read()") == "('/project', 'a,b\\n1,2\\n')"
    assert "Errno 30" in notebook.run("open('data.csv', 'a')")
    assert "Errno 30" in notebook.run("open('new.txt', 'w')")


def test_neighbours_and_home_are_not_there(notebook: Any) -> None:
    code = """
import os
print(os.path.exists("/project/../other"), os.path.exists("/etc/shadow"), os.listdir("/home"),
      [name for name in os.listdir("/root") if name != ".pyenv"] if os.path.exists("/root") else [],
      os.path.exists("/sys"), os.path.exists("/var/log"))
"""
    assert notebook.run(code) == "False False ['app'] [] False False"


def test_nothing_outside_scratch_can_be_written(notebook: Any) -> None:
    code = """
import os
writable = []
for folder, folders, files in os.walk("/"):
    if folder.startswith(("/proc/", "/usr/")):
        folders[:] = []
        continue
    try:
        path = os.path.join(folder, "probe")
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        os.unlink(path)
        writable.append(folder)
    except OSError:
        pass
print(sorted({"/" + "/".join(name.split("/")[1:3]) if name.startswith(("/home", "/dev")) else
              "/" + name.split("/")[1] for name in writable}))
"""
    assert notebook.run(code) == "['/dev/shm', '/home/app', '/tmp']"


def test_kernel_settings_cannot_be_opened_for_writing(notebook: Any) -> None:
    code = """
import os
opened = []
for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/1/mem",
             "/proc/1/root/etc/passwd", "/proc/kcore", "/proc/1/ns/mnt"):
    try:
        os.close(os.open(path, os.O_WRONLY))
        opened.append(path)
    except OSError:
        pass
print(opened)
"""
    assert notebook.run(code) == "[]"


def test_no_descriptor_of_the_server_is_open(notebook: Any) -> None:
    code = """
import os
kinds = set()
for name in os.listdir("/proc/self/fd"):
    try:
        target = os.readlink(f"/proc/self/fd/{name}")
    except OSError:
        continue
    kinds.add(target.split(":")[0] if ":" in target else target)
print(sorted(kind for kind in kinds if kind not in ("socket", "pipe", "anon_inode", "/dev/null", "/proc/2/fd")))
"""
    assert notebook.run(code) in ("[]", "['/proc/3/fd']")


def test_locale_home_and_time_zone(notebook: Any) -> None:
    code = "import os, sys, locale; print(os.path.expanduser('~'), sys.getfilesystemencoding(), locale.getencoding())"
    assert notebook.run(code) == "/home/app utf-8 UTF-8"
    import time

    assert notebook.run("import time; print(time.tzname)") == str(time.tzname)
    assert notebook.run("import getpass; getpass.getuser()") == "'app'"
