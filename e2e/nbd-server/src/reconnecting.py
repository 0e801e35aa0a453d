# A client that keeps requests in flight and connects again when the server is gone, as a kernel does: what was not answered
# is asked again. It writes pages that tell who wrote them, where and when, and checks each page that it reads.
#   reconnecting.py URI OWNER FIRST_PAGE PAGES DEPTH PAUSE_MS BOOK
# It pauses between two looks. BOOK, if it is not empty, is a file that keeps what it was answered for when it is killed.
# Says "ready" when it has been answered once, works until its standard input ends, then reads every page again and prints
# what it saw as one line of JSON. Needs the nbd module of libnbd.
import errno
import json
import mmap
import os
import random
import select
import struct
import sys
import time

import nbd

PAGE = 4096
uri, owner, first, pages, depth = sys.argv[1], *map(int, sys.argv[2:6])
pause, book = int(sys.argv[6]) / 1000, sys.argv[7]
rng = random.Random(owner)
seen = {"requests": 0, "errors": [], "wrong": [], "connections": 0, "gapsMs": [], "full": 0, "ready": False}
# by page: the version that was answered for, and the one that was asked for last
if book:
    with open(book, "ab") as file:
        file.truncate(pages * 8)
    kept = memoryview(mmap.mmap(os.open(book, os.O_RDWR), pages * 8)).cast("I")
    answered, asked = kept[:pages], kept[pages:]
else:
    answered, asked = [0] * pages, [0] * pages
busy = set()
# what is to be asked again
again = []
inflight = 0
last_answer = None
lost = False
version = max(asked, default=0)


def contents(page, version):
    unit = struct.pack("<IIII", owner, page, version, version ^ 0x5A5A5A5A)
    return bytes(PAGE) if version == 0 else unit * (PAGE // len(unit))


def connect():
    while True:
        h = nbd.NBD()
        try:
            h.connect_uri(uri)
            seen["connections"] += 1
            return h
        except nbd.Error:
            time.sleep(0.002)


def finished(kind, page, ver, buf, err):
    global inflight, last_answer, lost
    inflight -= 1
    if err == errno.ENOTCONN:
        again.append((kind, page, ver))
        return
    now = time.monotonic()
    if lost:
        seen["gapsMs"].append(round((now - last_answer) * 1000, 1))
        lost = False
    last_answer = now
    seen["requests"] += 1
    busy.discard(page)
    if err == errno.ENOSPC and kind == "write":
        seen["full"] += 1
    elif err != 0:
        seen["errors"].append([kind, page, errno.errorcode.get(err, err)])
    elif kind == "write":
        answered[page] = ver
    elif kind == "read":
        data = bytes(buf.to_bytearray())
        # what was on its way when the client was killed
        found = next((ver for ver in (answered[page], asked[page]) if data == contents(page, ver)), None)
        if found is None:
            seen["wrong"].append([page, answered[page], data[:16].hex()])
        else:
            answered[page] = found


def ask(h, kind, page, ver):
    global inflight
    inflight += 1
    at = (first + page) * PAGE
    if kind == "flush":
        h.aio_flush(completion=lambda e: (finished(kind, page, ver, None, e.value), 1)[1])
        return
    buf = nbd.Buffer.from_bytearray(bytearray(contents(page, ver))) if kind == "write" else nbd.Buffer(PAGE)
    done = lambda e: (finished(kind, page, ver, buf, e.value), 1)[1]
    (h.aio_pwrite if kind == "write" else h.aio_pread)(buf, at, completion=done)


def fresh():
    """A request of the load, or None: its page is busy, or the load is over."""
    global version
    if ending():
        return None
    kind = rng.choice(["write"] * 8 + ["read"] * 7 + ["flush"])
    page = -1 if kind == "flush" else rng.randrange(pages)
    if page in busy:
        return None
    if kind != "flush":
        busy.add(page)
    if kind == "write":
        version += 1
        asked[page] = version
    return kind, page, version


def ending():
    return bool(select.select([sys.stdin], [], [], 0)[0])


def run(h, following, over):
    """Keeps `depth` requests in flight until all are answered and `over` says so. Returns the connection that it has by then."""
    global lost
    while inflight > 0 or again or not over():
        try:
            while inflight < depth:
                request = again.pop() if again else following()
                if request is None:
                    break
                try:
                    ask(h, *request)
                except nbd.Error:
                    # the connection is gone, and it was not sent
                    finished(*request, None, errno.ENOTCONN)
                    break
            h.poll(20)
        except nbd.Error:
            pass
        time.sleep(pause)
        if h.aio_is_dead() or h.aio_is_closed():
            lost = last_answer is not None
            h = connect()
        if seen["requests"] > 0 and not seen["ready"]:
            seen["ready"] = True
            print("ready", flush=True)
    return h


h = run(connect(), fresh, ending)
busy.clear()
worked = seen["requests"]
left = list(range(pages))
h = run(h, lambda: ("read", left.pop(), 0) if left else None, lambda: not left)
h.shutdown()
seen["checked"] = seen["requests"] - worked
print(json.dumps(seen), flush=True)
