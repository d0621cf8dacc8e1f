"""Which tier a start gets, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager
from pydantic import ValidationError

from nexus_jupyter.errors import BadRequest, SandboxUnavailable
from nexus_jupyter.sandbox import SandboxPolicy, SandboxProvisioner, TierReport, allow_process, probe_tiers
from nexus_jupyter.sandbox.doubles import no_programs
from nexus_jupyter.sandbox.policy import choose_tier, withdraw_process

pytestmark = pytest.mark.needs_no_sandbox

WITHOUT = probe_tiers(no_programs)
WITH = (TierReport("bwrap", works=True), TierReport("process", works=True))


def test_missing_bubblewrap_is_reported_with_a_remedy() -> None:
    report = WITHOUT[0]
    assert (report.name, report.works) == ("bwrap", False)
    assert "`bwrap`" in report.reason
    assert report.remedy


def test_sandbox_works_wherever_bubblewrap_does() -> None:
    """Else a fault of ours would look like a machine without sandboxes, and skip most of these tests."""
    import os
    import shutil
    import subprocess

    if sys.platform != "linux" or shutil.which("bwrap") is None:
        pytest.skip("bwrap is not installed")
    from nexus_jupyter.sandbox.bubble import spare_uid

    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # bubblewrap is never root
        user = {"user": spare_uid(), "group": spare_uid(), "extra_groups": []}
    command = ["bwrap", "--unshare-user", "--unshare-net", "--ro-bind", "/", "/", "true"]
    if subprocess.run(command, capture_output=True, timeout=20, **user).returncode:
        pytest.skip("bwrap does not work here")
    assert probe_tiers()[0] == TierReport("bwrap", works=True)


def test_probe_is_made_once() -> None:
    probe_tiers.cache_clear()
    first = probe_tiers()
    assert probe_tiers() is first


def test_probe_tells_a_bubblewrap_that_does_not_work(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    tmp_path.chmod(0o755)
    if sys.platform == "linux":
        report = probe_tiers(lambda name: str(broken))[0]
        assert not report.works
        assert "namespace" in report.reason + report.remedy


@pytest.mark.parametrize("trusted", [False, True])
def test_sandbox_is_used_where_it_works_even_for_trusted_code(trusted: bool) -> None:
    assert choose_tier(SandboxPolicy(), WITH, trusted=trusted, allow_unsafe_process=True) == "bwrap"


def test_without_a_sandbox_only_trusted_code_or_the_owners_word_will_do() -> None:
    with pytest.raises(SandboxUnavailable, match=r"bwrap.*bubblewrap") as raised:
        choose_tier(SandboxPolicy(), WITHOUT, trusted=False, allow_unsafe_process=False)
    assert "not installed" in raised.value.message
    assert "allow_unsafe_process" in raised.value.remedy
    assert choose_tier(SandboxPolicy(), WITHOUT, trusted=True, allow_unsafe_process=False) == "process"
    assert choose_tier(SandboxPolicy(), WITHOUT, trusted=False, allow_unsafe_process=True) == "process"


@pytest.mark.parametrize("policy", [SandboxPolicy(min_tier="bwrap"), SandboxPolicy(tier="bwrap")])
def test_never_weaker_than_the_policy_says(policy: SandboxPolicy) -> None:
    with pytest.raises(SandboxUnavailable):
        choose_tier(policy, WITHOUT, trusted=True, allow_unsafe_process=True)


def test_asking_for_a_process_is_not_enough_to_get_one() -> None:
    with pytest.raises(SandboxUnavailable):
        choose_tier(SandboxPolicy(tier="process"), WITH, trusted=False, allow_unsafe_process=False)


def test_policy_is_closed_and_has_no_network() -> None:
    with pytest.raises(ValidationError):
        SandboxPolicy.model_validate({"memroy_mb": 100})
    with pytest.raises(ValidationError, match="has no network"):
        SandboxPolicy.model_validate({"network": {"mode": "allow"}})
    with pytest.raises(ValidationError):
        SandboxPolicy.model_validate({"memory_mb": 0})
    with pytest.raises(ValidationError):
        SandboxPolicy().pids = 10  # type: ignore[misc]


def provisioned(**config: Any) -> KernelManager:
    """Return a manager whose provisioner believes that this machine has no sandbox."""
    manager = KernelManager(kernel_name="nexus-python")
    manager.kernel_id = "kernel-of-the-test"
    manager.provisioner = SandboxProvisioner(
        kernel_id=manager.kernel_id, kernel_spec=manager.kernel_spec, parent=manager, **config
    )
    manager.provisioner.probe = lambda: WITHOUT
    return manager


def answer(manager: KernelManager, **kwargs: Any) -> tuple[str, Any]:
    manager.start_kernel(**kwargs)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=30)
        texts: list[str] = []
        client.execute_interactive(
            "import os; print(os.getuid())",
            timeout=20,
            output_hook=lambda message: texts.append(message["content"].get("text", "")),
        )
        return "".join(texts).strip(), manager.provisioner.tier
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_start_without_a_sandbox_is_refused(tmp_path: Path) -> None:
    manager = provisioned()
    with pytest.raises(SandboxUnavailable):
        manager.start_kernel(cwd=str(tmp_path))
    assert not manager.has_kernel


def test_owner_may_opt_in_to_a_plain_process(tmp_path: Path) -> None:
    import os

    assert answer(provisioned(allow_unsafe_process=True), cwd=str(tmp_path)) == (str(os.getuid()), "process")


def test_caller_may_vouch_for_a_notebook(tmp_path: Path) -> None:
    notebook = tmp_path / "recipe.ipynb"
    allow_process(notebook)
    try:
        env = {**__import__("os").environ, "JPY_SESSION_NAME": str(notebook)}
        assert answer(provisioned(), cwd=str(tmp_path), env=env)[1] == "process"
    finally:
        withdraw_process(notebook)
    with pytest.raises(SandboxUnavailable):
        provisioned().start_kernel(cwd=str(tmp_path), env=env)
    allow_process("kernel-of-the-test")
    try:
        assert answer(provisioned(), cwd=str(tmp_path))[1] == "process"
    finally:
        withdraw_process("kernel-of-the-test")


def test_misspelt_policy_refuses_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="`memroy_mb`"):
        provisioned(policy={"memroy_mb": 1}).start_kernel(cwd=str(tmp_path))


def test_tier_in_force_is_readable(tmp_path: Path) -> None:
    import asyncio

    if not probe_tiers()[0].works:
        pytest.skip(probe_tiers()[0].reason)
    manager = KernelManager(kernel_name="nexus-python")
    manager.start_kernel(cwd=str(tmp_path))
    try:
        assert manager.provisioner.tier == "bwrap"
        assert asyncio.run(manager.provisioner.get_provisioner_info())["tier"] == "bwrap"
    finally:
        manager.shutdown_kernel(now=True)
