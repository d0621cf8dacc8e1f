"""The broker as a process: one for all, gone when idle, and back after it was killed."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faultserver import FaultServer
from serving import Loop, Processes

from nexus_jupyter.broker import client as client_module
from nexus_jupyter.broker import endpoint as endpoints
from nexus_jupyter.broker.client import AsyncBrokerClient, BrokerClient
from nexus_jupyter.broker.endpoint import Endpoint
from nexus_jupyter.broker.events import Done, Event, Failed, Text
from nexus_jupyter.errors import AnswerCut, BrokerUnavailable, NexusError, TokenRefused
from nexus_jupyter.store import Database, Ledger

KILLS = 12  # 500 in `make soak`
PROVIDER_KILLS = 3  # each starts a broker that imports litellm; 100 in `make soak`
KEY = "sk-canary-0123456789-WXYZ"
WORDS = [f"w{n} " for n in range(20)]
SCRIPTS = {
    "words": [{"pieces": WORDS, "seconds": 0.004, "usage": [9, 20]}],
    "slow": [{"pieces": WORDS, "seconds": 0.1}],
}


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scripts.json").write_text(json.dumps(SCRIPTS))
    monkeypatch.setenv("NEXUS_SCRIPTS", str(tmp_path / "scripts.json"))
    return tmp_path / "state"


def body(model: str, content: str = "hello") -> dict[str, Any]:
    return {"model": f"scripted/{model}", "messages": [{"role": "user", "content": content}], "nexus_cache": False}


def client(endpoint: Endpoint) -> BrokerClient:
    return BrokerClient(lambda: endpoint)


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def has_ended(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return not Path(f"/proc/{pid}").exists()


def test_callers_at_once_start_one_broker(state: Path, processes: Processes) -> None:
    found: list[Endpoint] = []
    threads = [threading.Thread(target=lambda: found.append(processes.ensure(state))) for _ in range(6)]
    code = "import sys; from nexus_jupyter.broker import endpoint; from pathlib import Path; print(endpoint.ensure(Path(sys.argv[1])).pid)"
    others = [
        subprocess.Popen([sys.executable, "-c", code, str(state)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pids = {e.pid for e in found} | {int(p.communicate()[0]) for p in others}
    processes.started += [e for e in [endpoints.read(state)] if e]
    assert pids == {found[0].pid}
    assert {p.returncode for p in others} == {0}


def test_the_file_is_the_owners_alone_and_the_process_shows_no_secret(state: Path, processes: Processes) -> None:
    endpoint = processes.ensure(state)
    client(endpoint).ask("PUT", "/nexus/keys/openai", {"value": KEY})
    assert stat.S_IMODE((state / "broker.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    listens = Path(endpoint.address.removeprefix("unix:"))
    assert stat.S_IMODE(listens.parent.stat().st_mode) == 0o700
    for file in state.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name
    shown = Path(f"/proc/{endpoint.pid}/cmdline").read_bytes()
    assert KEY.encode() not in shown
    assert endpoint.token.encode() not in shown
    limits = Path(f"/proc/{endpoint.pid}/limits").read_text()
    core = next(line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core == ["0", "0"]


LOOK = """
import os, subprocess, sys
from pathlib import Path
from nexus_jupyter.broker import endpoint

def readable(pid):
    found = []
    for name in ("auxv", "environ", "maps"):
        try:
            with open(f"/proc/{pid}/{name}", "rb"):
                found.append(name)
        except PermissionError:
            pass
    return found

broker = endpoint.ensure(Path(sys.argv[1]))
with subprocess.Popen(["sleep", "60"]) as other:
    print(readable(other.pid), readable(broker.pid))
    other.kill()
os.kill(broker.pid, 15)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc to look into")
def test_another_process_of_the_same_user_cannot_read_its_memory(state: Path) -> None:
    command = [sys.executable, "-c", LOOK, str(state)]
    if os.geteuid() == 0:  # whose rights would see everything
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['auxv', 'environ', 'maps'] []\n", "")


def test_hundreds_who_call_at_once_are_all_answered(state: Path, processes: Processes, monkeypatch: Any) -> None:
    endpoint = processes.ensure(state)
    os.kill(endpoint.pid, signal.SIGSTOP)  # so that they all wait
    with concurrent.futures.ThreadPoolExecutor(300) as pool:
        answers = [pool.submit(lambda: list(client(endpoint).stream(body("words")))[-1]) for _ in range(300)]
        time.sleep(0.3)
        os.kill(endpoint.pid, signal.SIGCONT)
        assert {repr(a.result()) for a in answers} == {repr(Done())}


def test_a_caller_waits_for_a_place_in_a_full_queue(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, contextlib.ExitStack() as held:
        server.bind(str(tmp_path / "s"))
        server.listen(1)
        for _ in range(2):
            held.enter_context(endpoints.connect(f"unix:{tmp_path}/s"))
        with pytest.raises(OSError, match="unavailable"):
            endpoints.connect(f"unix:{tmp_path}/s", 0.05)
        threading.Timer(0.1, lambda: held.enter_context(server.accept()[0])).start()
        endpoints.connect(f"unix:{tmp_path}/s").close()


def test_it_ends_when_nobody_asks_and_starts_again(state: Path, processes: Processes, monkeypatch: Any) -> None:
    monkeypatch.setenv("NEXUS_BROKER_IDLE", "0.3")
    first = processes.ensure(state)
    assert list(client(first).stream(body("slow")))[-1] == Done()  # longer than that
    wait_until(lambda: has_ended(first.pid))
    assert endpoints.find(state) is None
    assert not (state / "broker.json").exists()
    assert not Path(first.address.removeprefix("unix:")).parent.exists()
    assert processes.ensure(state).pid != first.pid


def test_a_new_version_takes_over_while_an_answer_of_the_old_one_goes_on(
    state: Path, processes: Processes, monkeypatch: Any
) -> None:
    old = processes.ensure(state)
    stream = client(old).stream(body("slow"))
    assert next(stream) == Text("w0 ")
    monkeypatch.setattr(endpoints, "__version__", "9.9.9")
    real = endpoints.read

    def told(folder: Path) -> Endpoint | None:  # what is started here says the installed version
        found = real(folder)
        return found._replace(version="9.9.9") if found and found.pid != old.pid else found

    monkeypatch.setattr(endpoints, "read", told)
    new = processes.ensure(state)
    assert new.pid != old.pid
    assert processes.ensure(state) == new
    assert list(client(new).stream(body("words")))[-1] == Done()
    assert "".join(e.text for e in stream if isinstance(e, Text)) == "".join(WORDS[1:])
    wait_until(lambda: has_ended(old.pid))
    assert real(state) == new._replace(version=real(state).version)  # type: ignore[union-attr]
    monkeypatch.undo()
    with contextlib.closing(Database(state / "nexus.db")) as database:
        assert [c.status for c in Ledger(database, "local", "0:x").calls()] == ["done", "done"]


def test_a_broker_that_lost_its_place_ends(state: Path, processes: Processes) -> None:
    first = processes.ensure(state)
    (state / "broker.json").unlink()
    second = processes.ensure(state)
    assert second.pid != first.pid
    wait_until(lambda: has_ended(first.pid))
    assert endpoints.find(state) == second


def test_a_frozen_broker_is_replaced(state: Path, processes: Processes, monkeypatch: Any) -> None:
    first = processes.ensure(state)
    monkeypatch.setattr(endpoints.connect, "__defaults__", (0.3,))
    os.kill(first.pid, signal.SIGSTOP)
    second = processes.ensure(state)
    assert second.pid != first.pid
    os.kill(first.pid, signal.SIGCONT)
    wait_until(lambda: has_ended(first.pid))
    assert endpoints.find(state) == second


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"address": "unix:/nowhere", "token": "t", "version": "1", "pid": 1}']
)
def test_a_file_that_says_nothing_true_is_replaced(state: Path, processes: Processes, content: bytes) -> None:
    state.mkdir(mode=0o700)
    (state / "broker.json").write_bytes(content)
    assert list(client(processes.ensure(state)).stream(body("words")))[-1] == Done()


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "nexus.db").write_bytes(b"this is no database, though it is long enough to be looked at " * 20)
    with pytest.raises(BrokerUnavailable, match=r"does not start\. The store .* cannot be opened") as raised:
        endpoints.ensure(tmp_path)
    assert "broker.log" in raised.value.remedy
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(BrokerUnavailable, match="cannot be started"):
        endpoints.ensure(file / "below")


def test_a_file_beside_the_store_is_no_module_of_the_broker(state: Path, processes: Processes) -> None:
    state.mkdir(mode=0o700)
    for name in ("json.py", "tornado.py", "nexus_jupyter.py"):
        (state / name).write_text("raise SystemExit('taken over')")
    assert processes.ensure(state).pid


def test_a_broker_that_says_nothing_more_is_not_waited_for_for_ever(
    state: Path, processes: Processes, monkeypatch: Any
) -> None:
    endpoint = processes.ensure(state)
    caller = AsyncBrokerClient(state)
    asyncio.run(caller.ask("GET", "/nexus/health"))
    monkeypatch.setattr(client_module, "PATIENCE", 0.3)
    os.kill(endpoint.pid, signal.SIGSTOP)
    with pytest.raises(BrokerUnavailable, match="cannot be reached: timed out"):
        list(client(endpoint).stream(body("words")))
    with pytest.raises(BrokerUnavailable, match="does not answer"):
        asyncio.run(caller.ask("GET", "/nexus/health"))


def test_told_to_end_it_finishes_what_it_has_begun(state: Path, processes: Processes) -> None:
    endpoint = processes.ensure(state)
    stream = client(endpoint).stream(body("slow"))
    assert next(stream) == Text("w0 ")
    os.kill(endpoint.pid, signal.SIGTERM)
    assert list(stream)[-1] == Done()
    wait_until(lambda: has_ended(endpoint.pid))
    assert (state / "broker.log").read_text() == ""


async def ask_at_once(state: Path, count: int) -> list[Event]:
    async def last() -> Event:
        return [event async for event in AsyncBrokerClient(state).stream(body("words"))][-1]

    return await asyncio.gather(*(last() for _ in range(count)))


def test_hundreds_of_tasks_that_call_at_once_start_one_broker_and_are_all_answered(
    state: Path, processes: Processes
) -> None:
    ends = asyncio.run(ask_at_once(state, 300))
    processes.started += [e for e in [endpoints.read(state)] if e]
    assert {repr(e) for e in ends} == {repr(Done())}
    assert len(read_log(state)) == 300


def read_log(state: Path) -> list[dict[str, Any]]:
    log = state.parent / "scripts.log"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def stream_and_kill(state: Path, processes: Processes, random_: random.Random, number: int) -> list[Event] | NexusError:
    """Ask, kill the broker at some point of the answer, and return what the caller saw."""
    endpoint = processes.ensure(state)
    killer = threading.Timer(random_.uniform(0, 0.14), processes.kill, [endpoint])
    killer.start()
    try:
        return list(client(endpoint).stream(body("words", f"call {number}")))
    except NexusError as error:
        return error
    finally:
        killer.join()


def test_killed_at_random_points_of_an_answer_the_caller_is_told_and_the_next_call_works(
    tmp_path: Path,
) -> None:
    os.environ["NEXUS_LOCAL_PORTS"] = ""
    (tmp_path / "scripts.json").write_text(json.dumps(SCRIPTS))
    os.environ["NEXUS_SCRIPTS"] = str(tmp_path / "scripts.json")
    made = Processes([])
    state, random_, whole, cut = tmp_path / "state", random.Random(7), 0, 0
    try:
        for number in range(KILLS):
            seen = stream_and_kill(state, made, random_, number)
            if isinstance(seen, NexusError):
                assert isinstance(seen, BrokerUnavailable), repr(seen)
                cut += 1
            elif seen[-1] == Done():
                whole += 1
            else:
                assert isinstance(seen[-1], Failed), repr(seen)
                assert isinstance(seen[-1].error, AnswerCut), repr(seen)
                said = "".join(e.text for e in seen if isinstance(e, Text))
                assert "".join(WORDS).startswith(said), repr(seen)
                cut += 1
        assert cut > KILLS // 3, f"{cut} cut, {whole} whole"
        endpoint = made.ensure(state)
        assert list(client(endpoint).stream(body("words", "after")))[-1] == Done()
        billed = [call["messages"][-1]["content"] for call in read_log(state)]
        assert len(billed) == len(set(billed))
        with contextlib.closing(Database(state / "nexus.db")) as database:
            calls = Ledger(database, "local", "0:x").calls(most=10 * KILLS)
            assert database.read("SELECT sum(open_calls), sum(reserved_tokens) FROM spend") == [(0, 0)]
            spent = database.read("SELECT sum(calls), sum(tokens) FROM spend")
        # A call that reached the provider is in the ledger; one in the ledger may have been killed on its way.
        states = [c.status for c in calls]
        assert set(states) <= {"done", "interrupted"}, states
        assert whole + 1 <= states.count("done"), states
        assert len(billed) <= len(calls) <= KILLS + 1, f"{len(billed)} billed, {len(calls)} in the ledger"
        assert spent == [(len(calls), sum(c.prompt_tokens + c.completion_tokens for c in calls))]
        assert all(c.prompt_tokens > 0 for c in calls)
        assert all((c.prompt_tokens, c.completion_tokens) == (9, 20) for c in calls if c.status == "done")
    finally:
        for endpoint in made.started:
            made.kill(endpoint)
        for variable in ("NEXUS_LOCAL_PORTS", "NEXUS_SCRIPTS"):
            os.environ.pop(variable, None)


def test_after_every_kill_the_ledger_has_the_calls_that_the_provider_has(tmp_path: Path) -> None:
    os.environ["NEXUS_LOCAL_PORTS"] = ""
    loop, fault, made, random_ = Loop(), FaultServer(), Processes([]), random.Random(9)
    loop.run(fault.start())
    state, ends = tmp_path / "state", {}
    try:
        for number in range(PROVIDER_KILLS):
            endpoint = made.ensure(state)
            client(endpoint).ask("PUT", "/nexus/connections/fault", {"api_base": fault.base})
            client(endpoint).ask("POST", "/nexus/warm")
            # Each call has a model of its own, by which both sides know it.
            asked = {**body("x"), "model": f"fault/slow-{10 + number}"}
            killer = threading.Timer(random_.uniform(0, 0.1 + number / 100), made.kill, [endpoint])
            killer.start()
            try:
                ends[asked["model"]] = list(client(endpoint).stream(asked))[-1]
            except NexusError as error:
                ends[asked["model"]] = Failed(error)
            killer.join()
        made.ensure(state)
        with contextlib.closing(Database(state / "nexus.db")) as database:
            kept = {c.model: c for c in Ledger(database, "local", "0:x").calls(most=10 * PROVIDER_KILLS)}
            assert database.read("SELECT count(*), sum(status='open') FROM calls") == [(len(kept), 0)]
        provided = [f"fault/{c.model}" for c in fault.calls]
        assert len(provided) == len(set(provided)), "a call was made twice"
        assert set(provided) <= kept.keys() <= ends.keys()
        for model, call in kept.items():
            assert call.status in {"done", "interrupted"}
            assert call.money == 0.0
            if call.status == "done":
                assert (call.prompt_tokens, call.completion_tokens) == (7, 5)
            else:
                assert isinstance(ends[model], Failed)
                assert call.prompt_tokens > 0
        assert any(isinstance(end, Failed) for end in ends.values())
    finally:
        for endpoint in made.started:
            made.kill(endpoint)
        loop.run(fault.stop())
        loop.close()
        os.environ.pop("NEXUS_LOCAL_PORTS", None)


def test_what_a_killed_broker_left_open_is_ended_though_another_already_runs(state: Path, processes: Processes) -> None:
    first = processes.ensure(state)
    stream = client(first).stream(body("slow"))
    for _ in range(14):  # more than a second: what came so far was noted
        next(stream)
    (state / "broker.json").unlink()
    second = processes.ensure(state)
    processes.kill(first)
    assert isinstance(list(stream)[-1], Failed)

    def is_settled() -> bool:
        return bool(client(second).ask("GET", "/nexus/usage")["newest"][0]["status"] == "interrupted")

    wait_until(is_settled)
    (call,) = client(second).ask("GET", "/nexus/usage")["newest"]
    assert call["completion_tokens"] > 5


def test_two_owners_on_one_host_have_a_broker_each(state: Path, processes: Processes) -> None:
    mine, yours = processes.ensure(state), processes.ensure(state.with_name("yours"))
    assert (mine.pid != yours.pid, mine.address != yours.address) == (True, True)
    with pytest.raises(TokenRefused):
        client(yours._replace(token=mine.token)).ask("GET", "/nexus/health")
    client(mine).ask("PUT", "/nexus/keys/openai", {"value": KEY})
    assert client(yours).ask("GET", "/nexus/keys") == []


async def two_calls(state: Path, kill: Callable[[Endpoint], None]) -> list[Event]:
    caller = AsyncBrokerClient(state)
    assert await caller.ask("GET", "/nexus/health", start=False) is None
    seen = []
    async for event in caller.stream(body("words")):
        seen.append(event)
        if len(seen) == 3:
            found = endpoints.read(state)
            assert found
            kill(found)
    return [*seen, *[event async for event in caller.stream(body("words"))]]


def test_a_server_that_knew_the_killed_broker_finds_the_next_by_itself(state: Path, processes: Processes) -> None:
    events = asyncio.run(two_calls(state, processes.kill))
    processes.started += [e for e in [endpoints.read(state)] if e]
    ends = [e for e in events if isinstance(e, Done | Failed)]
    assert [type(e) for e in ends] == [Failed, Done]
