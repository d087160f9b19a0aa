"""Start the zygote that student's processes are forked from, and have it fork them."""

import json
import os
import secrets
import select
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from autograder.sandbox.outside.memory_cgroup import MemoryCgroups
from autograder.sandbox.outside.process import Died, StudentProcess
from autograder.sandbox.shared.config import ONE_THREAD, SandboxConfig
from autograder.sandbox.shared.layers import OPTIONAL
from autograder.sandbox.shared.limits import ProcessLimits

__all__ = ["ForkedSandbox", "SandboxError", "ZygoteProcess"]

_START_SECONDS = 300.0
_FORKED = b"forked"


class SandboxError(Exception):
    """Say what this host lacks of the sandbox that student code should run in."""

    def __init__(self, why: str, missing: Mapping[str, str]) -> None:
        self.why = why
        self.missing = missing
        """Why, by layer; empty where not even the first one stands."""
        lacking = "; ".join(f"{layer}: {why}" for layer, why in missing.items() if layer not in OPTIONAL)
        super().__init__(
            f"This host cannot isolate student code ({why or lacking}); `autograder doctor` says what to do, and "
            "--sandbox none runs it unprotected."
        )


class ZygoteProcess:
    """Own one zygote; it ends with `close`, and in any case with the process that started it."""

    def __init__(self, sandbox_config: SandboxConfig, cgroups: MemoryCgroups | None = None) -> None:
        """Start it; `cgroups` is where each process that it forks gets a cgroup of its own."""
        self._cgroups = cgroups
        self._isolated = sandbox_config.isolated
        self.covered: tuple[str, ...] = ()
        """Private folders and files that lay below what student code is shown, and had to be covered."""
        self._address = f"\0autograder-{secrets.token_hex(16)}"  # abstract: leaves no file behind
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(self._address)
            listener.listen()
            listener.set_inheritable(True)
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "autograder.sandbox.inside.zygote", str(listener.fileno())],
                pass_fds=[listener.fileno()],
                env=_environment(sandbox_config),
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        self._pidfd = os.pidfd_open(self._process.pid)
        assert self._process.stdin is not None, "it is started with a pipe"
        self._process.stdin.write(sandbox_config.to_json().encode() + b"\n")
        self._process.stdin.flush()

    def wait_until_ready(self) -> Mapping[str, str]:
        """Return the layers refused that one can do without; end, and raise SandboxError, where another is refused."""
        assert self._process.stdout is not None, "it is started with a pipe"
        ready = select.select([self._process.stdout], [], [], _START_SECONDS)[0]
        text = self._process.stdout.readline() if ready else b""
        report = json.loads(text or '{"error": "the process that loads the libraries did not start"}')
        missing: Mapping[str, str] = report.get("missing", {})
        if "error" in report or missing.keys() - OPTIONAL:
            self.close()
            raise SandboxError(report.get("error", ""), missing)
        self.covered = tuple(report.get("covered", ()))
        return missing

    @property
    def pid(self) -> int:
        """Return the number of the process that was started; isolated, the zygote itself is its child."""
        return self._process.pid

    @property
    def end(self) -> int:
        """Return a descriptor that becomes readable when the zygote is gone."""
        return self._pidfd

    def sandbox(self) -> "ForkedSandbox":
        """Return the way to processes forked from this one, each in a cgroup of its own where these can be made."""
        return ForkedSandbox(address=self._address, isolated=self._isolated, cgroups=self._cgroups)

    def close(self) -> None:
        """End the zygote and all that it forked."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, kw_only=True)
class ForkedSandbox:
    """Make each student's process by forking the zygote, from whichever process of this user knows its address."""

    address: str
    isolated: bool
    cgroups: MemoryCgroups | None = None
    """Where each process gets a cgroup of its own; None: the zygote alone watches its memory."""

    def start(self, limits: ProcessLimits, seconds: float) -> StudentProcess:
        """Return a forked process that is ready for requests.

        Raise Died where it is not ready in time, OSError where the zygote is gone.
        """
        control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control.settimeout(seconds)
        ours, theirs = socket.socketpair()
        printed, output = os.pipe()
        try:
            control.connect(self.address)
            socket.send_fds(control, [limits.to_json().encode()], [theirs.fileno(), output])
            answer, descriptors, _, _ = socket.recv_fds(control, len(_FORKED), 1)
            if answer != _FORKED:
                raise ConnectionError("the zygote is gone")
        except OSError:
            control.close()
            ours.close()
            os.close(printed)
            raise
        finally:
            theirs.close()
            os.close(output)
        process = StudentProcess(control, descriptors[0], ours, printed, limits)
        try:
            if self.cgroups is not None:
                process.bound_by(self.cgroups)
            process.wait_until_ready(seconds)
        except Died as died:
            raise Died(died.outcome, f"{died.detail}; it printed: {process.output[-1000:]}") from None
        return process


def _environment(sandbox_config: SandboxConfig) -> dict[str, str]:
    """Return all that student code finds in its environment, but for the places that it may write to."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "CUDA_VISIBLE_DEVICES": sandbox_config.gpu.visible(isolated=sandbox_config.isolated)
        if sandbox_config.gpu
        else "",
        "PYTORCH_CUDA_ALLOC_CONF": f"per_process_memory_fraction:{sandbox_config.gpu_share}",
        **ONE_THREAD,
    }
