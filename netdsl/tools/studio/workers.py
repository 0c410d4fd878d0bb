"""The worker processes: kept warm, bounded in time, replaced when they end.

A question goes to the worker that answered the same page last, which remembers its text, or else to any that is free.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Any

LONGEST_ANSWER = 64 * 2**20
"""Bytes."""


class Worker:
    """One process. `asker` is whom it answered last."""

    def __init__(self) -> None:
        self.process: Process | None = None
        self.asker = ""

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Start the process and wait until it has imported what it needs. Raises `OSError` where it ends instead."""
        command = (sys.executable, "-m", "netdsl.tools.studio.worker")
        # In a session of its own Ctrl-C does not reach it: the server ends it, and so does the end of its input.
        self.process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, limit=LONGEST_ANSWER, start_new_session=True
        )
        await self._line()

    async def ask(self, question: dict[str, Any]) -> Any:
        """The answer to a question. Raises `OSError` where the process ends before it has answered."""
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        await self.process.stdin.drain()
        return json.loads(await self._line())

    async def _line(self) -> bytes:
        assert self.process is not None and self.process.stdout is not None
        line = await self.process.stdout.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the worker has ended")
        return line

    async def end(self) -> None:
        """End the process at once, whatever it does."""
        if self.process is not None:
            if self.alive:
                self.process.kill()
            await self.process.wait()


class Workers:
    """So many workers, each of which answers one question at a time and has `seconds` for it."""

    def __init__(self, count: int = 2, seconds: float = 20.0):
        self.seconds = seconds
        self.all = [Worker() for _ in range(count)]
        self._free: list[Worker] = []
        self._returned = asyncio.Condition()
        self._starting: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to start all of them; questions wait until the first is ready."""
        self._starting = [asyncio.ensure_future(self._start(worker)) for worker in self.all]

    async def _start(self, worker: Worker) -> None:
        with suppress(OSError):  # one that cannot be started is tried again by the first question, and told of there
            await worker.start()
        await self._give_back(worker)

    async def end(self) -> None:
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in self.all))

    async def ask(self, question: dict[str, Any], asker: str) -> dict[str, Any]:
        """The answer to a question of `asker`, or `{"wrong": why}`."""
        worker = await self._take(asker)
        try:
            return await self._asked(worker, question)
        except BaseException:  # it was cancelled in the midst of an answer, which nobody will read
            await worker.end()
            raise
        finally:
            await self._give_back(worker)

    async def _asked(self, worker: Worker, question: dict[str, Any]) -> dict[str, Any]:
        """The answer; a worker that has ended meanwhile is replaced, and asked once more."""
        for _ in range(2):
            try:
                if not worker.alive:
                    await worker.start()
                found: dict[str, Any] = await asyncio.wait_for(worker.ask(question), self.seconds)
                return found
            except TimeoutError:
                await worker.end()
                return {"wrong": f"This text takes longer than {self.seconds:g} seconds; it was given up."}
            except (OSError, ValueError):  # ended, or an answer longer than is read
                await worker.end()
        return {"wrong": "The compiler ended twice on this text, which may take more memory than the studio gives it."}

    async def _give_back(self, worker: Worker) -> None:
        async with self._returned:
            self._free.append(worker)
            self._returned.notify()

    async def _take(self, asker: str) -> Worker:
        async with self._returned:
            await self._returned.wait_for(lambda: bool(self._free))
            worker = next((each for each in self._free if each.asker == asker), self._free[0])
            self._free.remove(worker)
        worker.asker = asker
        return worker
