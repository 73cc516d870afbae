"""What another image on Explore costs the server while N people look on, 3 s apart.

``--former`` runs a second server beside it with the settings of before (a full garbage collection
after every run, all BLAS threads), and ``--beside`` another checkout, in turns, so that both meet
the same machine; CPU per update is the median of turns, and the least. ``--minutes``
watches one server's memory, descriptors and children instead. It prints figures and ratios, and
never fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from tests.visitor import ROOT, Served, Visitor, serving, visiting

THINK = 3.0
# Few enough that all are in the simulated subjects, too many to be kept at hand.
_IMAGES = [("test", k) for k in range(100)]
# The settings of before: whatever asks for one BLAS thread is not heard.
_AS_BEFORE = "import threadpoolctl; threadpoolctl.threadpool_limits = lambda *a, **k: None"
_COLLECTING = ("--runner.postScriptGC", "true")


@dataclass
class Server:
    """A running app, its process, and what updates it has answered."""

    name: str
    served: Served
    visitors: list[Visitor] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    n_bytes: list[int] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def cpu_seconds(self) -> float:
        """CPU of the server's own process so far."""
        times = psutil.Process(self.served.process.pid).cpu_times()
        return times.user + times.system


async def look_on(
    visitor: Visitor, until: float, server: Server, *, kept: bool = True, think: float = THINK
) -> None:
    """Change the image every few seconds, as people do, not all at once."""
    await asyncio.sleep(random.uniform(0, think))
    while time.monotonic() < until:
        run = await visitor.see(*random.choice(_IMAGES))
        assert not run.failures(), run.failures()
        if kept:
            server.seconds.append(run.seconds)
            server.n_bytes.append(run.n_bytes)
        await asyncio.sleep(think)


async def turn(server: Server, seconds: float, *, kept: bool = True) -> None:
    """Let all visitors of one server look on for some time."""
    begun, until, before = server.cpu_seconds(), time.monotonic() + seconds, len(server.seconds)
    await asyncio.gather(*(look_on(v, until, server, kept=kept) for v in server.visitors))
    if n := len(server.seconds) - before:
        server.cpu.append((server.cpu_seconds() - begun) / n)


async def measure(servers: list[Server], n_sessions: int, turns: int, seconds: float) -> None:
    """Measure all servers in turns with as many visitors each, and print a row of each."""
    async with AsyncExitStack() as stack:
        for server in servers:
            server.visitors = [
                await stack.enter_async_context(visiting(server.served.address))
                for _ in range(n_sessions)
            ]
            server.seconds, server.n_bytes, server.cpu = [], [], []
            for visitor in server.visitors:
                await visitor.open()
            await turn(server, 2 * THINK, kept=False)
        for _ in range(turns):
            for server in servers:
                await turn(server, seconds)
    for server in servers:
        p50, p95 = 1000 * np.percentile(server.seconds, (50, 95))
        cpu, least = 1000 * np.median(server.cpu), 1000 * min(server.cpu)
        print(
            f"{server.name:12s}{n_sessions:9d}{p50:9.0f}{p95:9.0f}{cpu:14.1f}{least:7.1f}"
            f"{np.median(server.n_bytes) / 1000:8.1f}{max(server.n_bytes) / 1000:9.1f}"
            f"{len(server.seconds):9d}",
            flush=True,
        )
    if len(servers) == 2:
        ours, other = (float(np.median(s.cpu)) for s in servers)
        slow = [float(np.percentile(s.seconds, 95)) for s in servers]
        print(
            f"  {servers[1].name} / {servers[0].name}: {other / ours:.1f} x CPU, "
            f"{slow[1] / slow[0]:.1f} x p95"
        )


async def watch(
    server: Server, n_sessions: int, minutes: float, *, think: float = THINK
) -> list[tuple[float, ...]]:
    """Load a server for some minutes and return (minute, MB, descriptors, children) of each look.

    Every tenth visitor goes, and another one comes, between looks.
    """
    process, looks = psutil.Process(server.served.process.pid), []
    begun, step = time.monotonic(), min(60.0, 60 * minutes / 12)
    end = begun + 60 * minutes

    # Whoever goes at the end has not gone when somebody looks for the last time.
    stay = end + step / 2

    async def visit(until: float) -> None:
        async with visiting(server.served.address) as visitor:
            await visitor.open()
            await look_on(visitor, until, server, think=think)

    async def come_and_go() -> None:
        while time.monotonic() < end:
            left = stay - time.monotonic()
            await visit(time.monotonic() + (left if left < 1.5 * step else step))

    async def look() -> None:
        for k in range(1, round((end - begun) / step) + 1):
            await asyncio.sleep(begun + k * step - time.monotonic())
            size, children = process.memory_info().rss / 1e6, len(process.children(recursive=True))
            looks.append(((time.monotonic() - begun) / 60, size, process.num_fds(), children))
            words = "{:8.1f} min{:9.0f} MB{:6d} descriptors{:4d} children"
            print(words.format(*looks[-1]), flush=True)

    leaving = n_sessions // 10
    await asyncio.gather(
        look(),
        *(come_and_go() for _ in range(leaving)),
        *(visit(stay) for _ in range(leaving, n_sessions)),
    )
    return looks


def slope(looks: list[tuple[float, ...]], after: float) -> float:
    """Return MB a minute by least squares over the looks after some minutes."""
    late = np.array([look[:2] for look in looks if look[0] >= after])
    return float(np.polyfit(late[:, 0], late[:, 1], 1)[0])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[10, 30, 50])
    parser.add_argument("--turns", type=int, default=3, help="of each server")
    parser.add_argument("--seconds", type=float, default=15, help="of a turn")
    parser.add_argument("--former", action="store_true", help="beside the settings of before")
    parser.add_argument("--beside", type=Path, help="beside the checkout of this .venv/bin/python")
    parser.add_argument("--minutes", type=float, help="watch memory for so long instead")
    options = parser.parse_args()
    demo = [sys.executable, "-m", "cortiscope.core", "demo", "--progress", "none"]
    subprocess.run(demo, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    with ExitStack() as stack:
        servers = [Server("now", stack.enter_context(serving()))]
        if options.minutes:
            looks = asyncio.run(watch(servers[0], options.sessions[0], options.minutes))
            after = min(10.0, options.minutes / 2)
            print(f"slope after {after:.0f} minutes: {slope(looks, after):.2f} MB a minute")
            return
        if options.former:
            other = serving(*_COLLECTING, before=_AS_BEFORE)
            servers.append(Server("former", stack.enter_context(other)))
        if options.beside:
            # Not resolved: an environment's python is a link out of it.
            python = options.beside.absolute()
            other = serving(folder=python.parents[2], python=str(python))
            servers.append(Server("beside", stack.enter_context(other)))
        print(
            f"{'':12s}{'sessions':>9s}{'p50 ms':>9s}{'p95 ms':>9s}{'CPU ms/update':>14s}"
            f"{'least':>7s}{'kB':>8s}{'max kB':>9s}{'updates':>9s}"
        )
        for n_sessions in options.sessions:
            asyncio.run(measure(servers, n_sessions, options.turns, options.seconds))


if __name__ == "__main__":
    main()
