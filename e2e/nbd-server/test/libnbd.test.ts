// nbdsh: every command as libnbd's users write it, and everything that libnbd lets one do wrong. The assertions are in
// Python, beside the calls; what is printed is compared here.
import { afterAll, beforeAll, expect, it } from "vitest"
import { nbdsh, ok, withPrograms } from "../src/peers.ts"
import { execute, has, PATH, type RunningServer, startServer, stopAll } from "../src/server.ts"

let server: RunningServer
beforeAll(async () => {
  server = await startServer(`
exports:
  disk: { memory: 64 MiB, description: scratch }
  aligned: { memory: 1 MiB, minimumBlock: 4096 }
  root: { memory: 1 MiB, readOnly: true }
swap: { swap-*: { size: 64 MiB } }
`)
})
afterAll(stopAll)

/** Statements that begin with a connection to an export, all of base:allocation asked for. */
const connected = (name: string, more = ""): string =>
  `h.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
${more}
h.connect_uri("nbd://127.0.0.1:${server.port}/${name}")
def refused(what, call):
    try:
        call()
    except nbd.Error as e:
        print(what, e.errno)
    else:
        print(what, "no error")
    assert h.aio_is_ready(), what
`

const test = withPrograms("nbdsh")

test("option mode: list, contexts, INFO, then GO of another export", async () => {
  expect(
    await nbdsh(`h.set_opt_mode(True)
h.connect_tcp("127.0.0.1", "${server.port}")
names = []
h.opt_list(lambda name, description: names.append((name, description)))
print(names)
h.set_export_name("disk")
contexts = []
h.add_meta_context("base:")
h.opt_list_meta_context(lambda name: contexts.append(name))
h.opt_info()
print(contexts, h.get_size(), h.is_read_only(), h.get_structured_replies_negotiated())
h.set_export_name("nowhere")
try:
    h.opt_info()
except nbd.Error as e:
    print(e.errno)
h.set_export_name("root")
h.opt_go()
print(h.get_size(), h.is_read_only(), h.get_block_size(nbd.SIZE_MAXIMUM))
h.shutdown()
`)
  ).toBe(
    `[('disk', 'scratch'), ('aligned', ''), ('root', ''), ('swap-127.0.0.1', 'swap of 64 MiB, for any name that begins with swap-')]
['base:allocation'] 67108864 False True
ENOENT
1048576 True 33554432
`
  )
})

test("structured reads: chunks do not overlap, cover everything, tell holes from data; DF makes one of them", async () => {
  expect(
    await nbdsh(`${connected("disk")}
h.pwrite(b"\\x05" * 4096, 1 << 20)
h.pwrite(b"\\x06" * 100, (1 << 20) + 200000)
def read(count, offset, flags=0):
    chunks = []
    def chunk(data, at, status, error):
        assert error.value == 0
        chunks.append((at - offset, len(data), status == nbd.READ_HOLE))
        assert bytes(data) == b"\\0" * len(data) or status == nbd.READ_DATA
    data = h.pread_structured(count, offset, chunk, flags)
    end = 0
    for at, length, hole in sorted(chunks):
        assert at == end and length > 0
        end += length
    assert end == count
    return data, chunks
data, chunks = read(1 << 20, 1 << 20)
assert data[:4096] == b"\\x05" * 4096 and data[200000:200100] == b"\\x06" * 100 and data.count(0) == (1 << 20) - 4196
print(any(not hole for at, length, hole in chunks))
data, chunks = read(65536, 1 << 20, nbd.CMD_FLAG_DF)
print(chunks)
data, chunks = read(1 << 20, 8 << 20)
print(chunks)
h.shutdown()
`)
  ).toBe("True\n[(0, 65536, False)]\n[(0, 1048576, True)]\n")
})

test("block status: extents cover what was asked, REQ_ONE gives one, zeroes and trims make holes", async () => {
  expect(
    await nbdsh(`${connected("disk")}
def status(count, offset, flags=0):
    found = []
    def extents(context, at, entries, error):
        assert context == "base:allocation" and at == offset and error.value == 0
        found.append([tuple(entries[i:i + 2]) for i in range(0, len(entries), 2)])
    h.block_status(count, offset, extents, flags)
    assert len(found) == 1
    return found[0]
h.zero(16 << 20, 16 << 20)
h.pwrite(b"\\x01" * 65536, 20 << 20)
print(status(16 << 20, 16 << 20))
print(status(16 << 20, 16 << 20, nbd.CMD_FLAG_REQ_ONE))
h.trim(65536, 20 << 20)
print(sum(length for length, flags in status(16 << 20, 16 << 20) if flags == 3) >= 16 << 20)
h.shutdown()
`)
  ).toBe(`[(4194304, 3), (65536, 0), (12517376, 3)]
[(4194304, 3)]
True
`)
})

test("what the rules forbid is answered by its error, and the connection goes on", async () => {
  expect(
    await nbdsh(`${connected("disk", "h.set_strict_mode(0)")}
size = h.get_size()
refused("read across the end", lambda: h.pread(512, size - 256))
refused("read far behind", lambda: h.pread(512, (1 << 63) - 512))
refused("write across the end", lambda: h.pwrite(b"\\x07" * 512, size - 256))
refused("zero across the end", lambda: h.zero(512, size - 256))
refused("trim across the end", lambda: h.trim(512, size - 256))
refused("cache across the end", lambda: h.cache(512, size - 256))
refused("status across the end", lambda: h.block_status(512, size - 256, lambda *args: 0))
refused("unknown flag on a read", lambda: h.pread(512, 0, 0x8000))
refused("unknown flag on a write", lambda: h.pwrite(b"\\x07" * 512, 0, 0x8000))
refused("NO_HOLE on a trim", lambda: h.trim(512, 0, nbd.CMD_FLAG_NO_HOLE))
refused("read of nothing", lambda: h.pread(0, 0))
refused("a zero longer than a payload may be", lambda: h.zero(size, 0))
refused("read of more than a payload may be", lambda: h.pread(33 << 20, 0))
refused("fast zero", lambda: h.zero(65536, 0, nbd.CMD_FLAG_FAST_ZERO))
assert h.pread(512, size - 512) == b"\\0" * 512
h.shutdown()
`)
  ).toBe(`read across the end EINVAL
read far behind EINVAL
write across the end ENOSPC
zero across the end ENOSPC
trim across the end EINVAL
cache across the end EINVAL
status across the end EINVAL
unknown flag on a read EINVAL
unknown flag on a write EINVAL
NO_HOLE on a trim EINVAL
read of nothing no error
a zero longer than a payload may be no error
read of more than a payload may be EINVAL
fast zero no error
`)
})

test("a read-only export and one of large blocks keep to what they said", async () => {
  const script = (name: string, calls: string): Promise<string> =>
    nbdsh(`${connected(name, "h.set_strict_mode(0)")}${calls}\nh.shutdown()\n`)
  expect(
    await script(
      "root",
      `refused("write", lambda: h.pwrite(b"\\x07" * 512, 0))
refused("zero", lambda: h.zero(512, 0))
refused("trim", lambda: h.trim(512, 0))
refused("flush", h.flush)
refused("read", lambda: h.pread(512, 0))`
    )
  ).toBe("write EPERM\nzero EPERM\ntrim EPERM\nflush no error\nread no error\n")
  expect(
    await script(
      "aligned",
      `print([h.get_block_size(i) for i in (nbd.SIZE_MINIMUM, nbd.SIZE_PREFERRED)])
refused("read", lambda: h.pread(512, 0))
refused("write", lambda: h.pwrite(b"\\x07" * 4096, 512))
refused("whole", lambda: h.pwrite(b"\\x07" * 4096, 4096, nbd.CMD_FLAG_FUA))`
    )
  ).toBe("[4096, 4096]\nread EINVAL\nwrite EINVAL\nwhole no error\n")
})

test("without structured replies: no contexts, no DF, and the same data", async () => {
  expect(
    await nbdsh(`h.set_request_structured_replies(False)
${connected("disk", "h.set_strict_mode(0)")}
print(h.get_structured_replies_negotiated(), h.can_meta_context(nbd.CONTEXT_BASE_ALLOCATION), h.can_df())
refused("DF", lambda: h.pread(512, 0, nbd.CMD_FLAG_DF))
refused("status", lambda: h.block_status(512, 0, lambda *args: 0))
h.pwrite(bytes(range(256)) * 16, 30 << 20, nbd.CMD_FLAG_FUA)
assert h.pread(4096, 30 << 20) == bytes(range(256)) * 16
h.shutdown()
`)
  ).toBe("False False False\nDF EINVAL\nstatus EINVAL\n")
})

test("a client that only writes requests for a while, then reads all replies", async () => {
  // libnbd's batched-read-write: the server must take requests while its replies find no room, or give up neither side
  await nbdsh(`${connected("swap-batch")}
done = []
buffers = []
for i in range(64):
    data = nbd.Buffer.from_bytearray(bytearray([i]) * (1 << 19))
    h.aio_pwrite(data, i << 19, completion=lambda error: done.append(error.value) or 1)
for i in range(64):
    buffers.append(nbd.Buffer(1 << 19))
while h.aio_in_flight() > 0:
    h.poll(-1)
for i in range(64):
    h.aio_pread(buffers[i], i << 19, completion=lambda error: done.append(error.value) or 1)
while h.aio_in_flight() > 0:
    h.poll(-1)
assert done == [0] * 128, done
for i in range(64):
    assert bytes(buffers[i].to_bytearray()) == bytes([i]) * (1 << 19)
h.shutdown()
`)
})

test("eight threads with a connection each share one coherent export", async () => {
  // libnbd's threaded-reads-and-writes; CAN_MULTI_CONN: what one flushed, all read
  await nbdsh(`import threading
h.connect_uri("nbd://127.0.0.1:${server.port}/swap-threads")
assert h.can_multi_conn()
failures = []
def work(k):
    try:
        c = nbd.NBD()
        c.connect_uri("nbd://127.0.0.1:${server.port}/swap-threads")
        for i in range(100):
            at = (1 << 20) + (i * 8 + k) * 4096
            c.pwrite(bytes([k, i]) * 2048, at)
            assert c.pread(4096, at) == bytes([k, i]) * 2048
        c.flush()
        c.shutdown()
    except Exception as e:
        failures.append(e)
threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
assert failures == [], failures
for k in range(8):
    for i in range(100):
        assert h.pread(4096, (1 << 20) + (i * 8 + k) * 4096) == bytes([k, i]) * 2048
h.shutdown()
`)
})

test("a client killed in the middle of its requests leaves the others in peace", async () => {
  await execute("env", [
    `PATH=/usr/bin:${PATH}`,
    "nbdsh",
    "-c",
    `import os
h.connect_uri("nbd://127.0.0.1:${server.port}/disk")
for i in range(64):
    h.aio_pread(nbd.Buffer(1 << 20), 0)
os.kill(os.getpid(), 9)`
  ])
  expect(await ok("nbdinfo", "--size", `nbd://127.0.0.1:${server.port}/disk`)).toBe("67108864\n")
})

/** libnbd has extended headers from 1.18 on. */
const whyNot = async (): Promise<string> => {
  if (!has("nbdsh")) return " (not installed: nbdsh)"
  const { output } = await execute("env", [
    `PATH=/usr/bin:${PATH}`,
    "nbdsh",
    "-c",
    "print(hasattr(h, 'block_status_64'))"
  ])
  return output.trim() === "True" ? "" : ` (this libnbd has none)`
}
const why = await whyNot()
it.skipIf(why !== "")(`extended headers: 64-bit zeroes and block status${why}`, async () => {
  expect(
    await nbdsh(`${connected("disk")}
assert h.get_extended_headers_negotiated()
h.zero(h.get_size(), 0)
h.pwrite(b"\\x01" * 65536, 1 << 20)
found = []
h.block_status_64(h.get_size(), 0, lambda context, at, entries, error: found.extend(entries) or 0)
print(found)
h.block_status_filter(h.get_size(), 0, ["base:allocation"], lambda context, at, entries, error: print(len(entries) > 0) or 0)
assert h.pread(65536, 1 << 20) == b"\\x01" * 65536
h.shutdown()
`)
  ).toBe("[(1048576, 3), (65536, 0), (65994752, 3)]\nTrue\n")
})
