"""The controller process: start to ready to sell, memory, idle CPU. Emulated devices included in all figures."""

import os
import tempfile
import time
from pathlib import Path

from rich.progress import track

from tools.bench.figures import Figure, median
from tools.stack import Ports, Stack

IDLE_S = 15.0


def measure(*, quick: bool) -> list[Figure]:
    """Several starts of `vend machine`, each in a new folder, without a broker."""
    starts, memory, cpu = [], [], []
    for _ in track(range(2 if quick else 5), description="starts", transient=True):
        with tempfile.TemporaryDirectory() as folder:
            stack = Stack(Path(folder), Ports.free())
            begun = time.perf_counter()
            stack.start("machine")
            stack.wait_ready("machine")
            starts.append(time.perf_counter() - begun)
            pid = stack.running["machine"].pid
            time.sleep(3)
            before = _cpu_seconds(pid)
            time.sleep(3 if quick else IDLE_S)
            cpu.append((_cpu_seconds(pid) - before) / (3 if quick else IDLE_S) * 100)
            memory.append(_resident_mib(pid))
            stack.stop()
    return [
        median("controller: process start → ready to sell", starts, "s", "≤ 1 s"),
        median("controller: resident memory, idle", memory, "MiB", "≤ 60 MiB"),
        median("controller: idle CPU of one core", cpu, "%", "≤ 3 %"),
    ]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no VmRSS for process {pid}")
