#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The event-loop client on asyncio's streams. See loop.h."""
import asyncio
import os
import sys
import time

REQUESTS = 2
worst = worst_own = 0.0


def ready(fd):
    return int(os.pread(fd, 100, 0).split()[1]) / 1e9


async def tick():
    global worst, worst_own
    fd = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
    last, waited = time.monotonic(), ready(fd)
    while True:
        await asyncio.sleep(0.001)
        now, so_far = time.monotonic(), ready(fd)
        worst = max(worst, now - last)
        worst_own = max(worst_own, now - last - (so_far - waited))
        last, waited = now, so_far


async def job(number, port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for made in range(REQUESTS):
        writer.write(b"GET http://auth407.test/ HTTP/1.1\r\n"
                     b"Host: auth407.test\r\nX-Job: %d-%d\r\n\r\n"
                     % (number, made))
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.split(b":", 1) for line in
                      head.lower().split(b"\r\n")[1:] if b":" in line)
        await reader.readexactly(int(fields.get(b"content-length", b"0")))
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
            raise RuntimeError(head.split(b"\r\n")[0].decode())
    writer.close()


async def main():
    ticker = asyncio.ensure_future(tick())
    ports = [int(x) for x in sys.argv[2:]]
    jobs = []
    for i in range(int(sys.argv[1])):
        jobs.append(asyncio.ensure_future(job(i, ports[i % len(ports)])))
        if i % 4 == 3:  # all at once would be a stall by itself
            await asyncio.sleep(0.001)
    done = await asyncio.gather(*jobs, return_exceptions=True)
    ticker.cancel()
    failed = [x for x in done if x]
    for x in failed[:3]:
        print("# %r" % x, file=sys.stderr)
    print("%d ok, %d failed, longest stall %.1f ms, own %.1f ms" % (
        len(done) - len(failed), len(failed), worst * 1000, worst_own * 1000))
    return bool(failed)


sys.exit(asyncio.run(main()))
