// Traces of block devices, from every form that is read.
import {
  isBlkparse,
  isIolog,
  isPageCsv,
  isTrdump,
  readBlkparse,
  readFtrace,
  readIolog,
  readPageCsv,
  readTrdump,
  writeIolog
} from "@swaplab/formats"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("iolog", () => {
  it("version 3 has a time on each line", () => {
    // written by fio 3.33
    const { unread, value } = readIolog(`fio version 3 iolog
29 /tmp/f add
226 /tmp/f open
230 /tmp/f read 61440 4096
2499 /tmp/f write 774144 8192
7827 /tmp/f datasync 0 0
26066 /tmp/f close
`)
    expect(value.timed).toBe(true)
    expect(value.requests).toEqual([
      { atNs: 230_000, write: false, offset: 61440, length: 4096, of: "/tmp/f" },
      { atNs: 2_499_000, write: true, offset: 774144, length: 8192, of: "/tmp/f" }
    ])
    expect(unread).toEqual([{ line: 6, text: "7827 /tmp/f datasync 0 0", why: "datasync is not replayed" }])
  })

  it("version 2 has waits, which add up; without any it says nothing about time", () => {
    const trace = (waits: string) =>
      readIolog(`fio version 2 iolog\nf add\nf open\nf read 0 512\n${waits}f read 512 512\n`)
    expect(trace("f wait 200\nf wait 300\n").value.requests.map(({ atNs }) => atNs)).toEqual([0, 500_000])
    expect(trace("").value.timed).toBe(false)
  })

  it("what is written is read again", () => {
    const request = fc.record({
      atNs: fc.nat(1e9).map((us) => us * 1000),
      write: fc.boolean(),
      offset: fc.nat(2 ** 30).map((page) => page * 4096),
      length: fc.integer({ min: 1, max: 31 }).map((pages) => pages * 4096)
    })
    fc.assert(fc.property(fc.array(request), (requests) => {
      const sorted = requests.toSorted((a, b) => a.atNs - b.atNs)
      const { unread, value } = readIolog(writeIolog(sorted))
      expect(unread).toEqual([])
      expect(value.requests).toEqual(sorted.map((of) => ({ ...of, of: "/dev/nbd0" })))
    }))
  })

  it.each([
    ["fio version 1 iolog\n0, 0, 4096\n", 1, "expected fio version 2 iolog or fio version 3 iolog"],
    ["fio version 3 iolog\nx /f read 0 4096\n", 2, "expected a time in microseconds first"],
    ["fio version 3 iolog\n1 /f read 0 4096\n", 2, "/f was not added"],
    ["fio version 2 iolog\n/f add\n/f read -1 4096\n", 3, "expected an offset and a length in digits"],
    ["fio version 2 iolog\n/f add\n/f read 0 0\n", 3, "expected a length above 0 and up to 4 GiB"],
    ["fio version 2 iolog\n/f\n", 2, "expected a file and an action"]
  ])("%j: line %d, %s", (text, line, why) => {
    expect(readIolog(text).unread).toMatchObject([{ line, why }])
  })
})

describe("blkparse", () => {
  const text = `  8,0    1       40     0.000100000  1234  Q  WS 2048 + 8 [kswapd0]
  8,0    1       41     0.000110000  1234  G  WS 2048 + 8 [kswapd0]
  8,0    1       42     0.000123000  1234  D  WS 2048 + 8 [kswapd0]
  8,0    1       43     0.000200000     0  C  WS 2048 + 8 [0]
  8,0    1       44     0.001000000  1300  D   R 4096 + 16 [firefox]
  8,16   0        1     0.002000000  1300  Q   R 100 + 1 [cat]
  8,0    1        0     0.003000000     0  m   N cfq1300S / alloced
  8,0    1       45     0.004000000  1300  D   N 0 [smartd]
CPU1 (8,0):
 Reads Queued:           0,        0KiB\t Writes Queued:           1,        4KiB
Throughput (R/W): 0KiB/s / 4KiB/s
`
  it("takes what was handed to the driver, or what came where nothing was", () => {
    const { unread, value } = readBlkparse(text)
    expect(value.requests).toEqual([
      { atNs: 123_000, write: true, offset: 1_048_576, length: 4096, of: "8,0" },
      { atNs: 1_000_000, write: false, offset: 2_097_152, length: 8192, of: "8,0" },
      { atNs: 2_000_000, write: false, offset: 51_200, length: 512, of: "8,16" }
    ])
    expect([...value.byProcess]).toEqual([["kswapd0", 1], ["firefox", 1], ["cat", 1]])
    expect(unread.map(({ line, why }) => [line, why])).toEqual([
      [2, "event G: D and Q are read"],
      [4, "event C: D and Q are read"],
      [7, "a message of the kernel"],
      [8, "N: expected a read or a write with data"]
    ])
  })
})

describe("nbd-trdump", () => {
  it("has commands and cookies, and no times", () => {
    const { unread, value } = readTrdump(`TRACE_OPTION DATALOG set to 0.
> H=0000000000000001 C=0x00000001 (       NBD_CMD_WRITE+NONE) O=0000000000002000 L=00001000
> H=0000000000000002 C=0x00010000 (        NBD_CMD_READ+ FUA) O=0000000100000000 L=0001f000
< H=0000000000000001 E=0x00000000
> H=0000000000000003 C=0x00000003 (       NBD_CMD_FLUSH+NONE) O=0000000000000000 L=00000000
<S: H=0000000000000002 T=0x0001 (NBD_REPLY_TYPE_OFFSET_DATA) F=0x0001 L=0x1008
? Unknown transaction type 12345678
`)
    expect(value).toEqual({
      requests: [
        { atNs: 0, write: true, offset: 8192, length: 4096, of: "nbd" },
        { atNs: 0, write: false, offset: 4_294_967_296, length: 126_976, of: "nbd" }
      ],
      timed: false,
      mostInFlight: 2
    })
    expect(unread.map(({ line, why }) => [line, why])).toEqual([
      [5, "NBD_CMD_FLUSH is not replayed"],
      [7, "expected a request or a reply as nbd-trdump prints them"]
    ])
  })
})

it("any text gives requests that can be made, and a reason for every line that is left out", () => {
  const words = fc.constantFrom(
    "fio version 3 iolog\n",
    "f",
    "add",
    "read",
    "8,0",
    "D",
    "+",
    "W",
    "0.1",
    "> H=",
    "4096",
    " 1.000125: block_rq_issue: 43,0 W 0 () ",
    "t,client,page,rw",
    "\n0.5,desk-1,"
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(words, fc.string()), { maxLength: 40 }).map((all) => all.join(" "))
  )
  fc.assert(fc.property(text, (any) => {
    for (const read of [readIolog, readBlkparse, readTrdump, readFtrace, readPageCsv]) {
      const { unread, value } = read(any)
      for (const { atNs, length, offset } of value.requests) {
        expect([atNs, offset, length].every(Number.isSafeInteger)).toBe(true)
      }
      for (const { line, text: shown, why } of unread) {
        expect(line).toBeGreaterThan(0)
        expect(why).not.toBe("")
        expect(shown).toMatch(/^\P{Cc}{0,60}$/u)
      }
    }
  }))
  expect([isIolog(""), isBlkparse(""), isTrdump("")]).toEqual([false, false, false])
})

describe("ftrace", () => {
  it("takes requests of 3.5, of newer kernels and of perf script, and counts the rest by event", () => {
    const { unread, value } = readFtrace(`# tracer: nop
#
         kswapd0-30    [000] ..s.     1.000125: block_rq_issue: 43,0 W 0 () 2048 + 16 [kswapd0]
         kswapd0-30    [001] ....     1.000200: mm_vmscan_kswapd_wake: nid=0 order=0
     kworker/0:1-12    [000] d..2.   12.500000: block_rq_issue: 8,0 RA 4096 () 8 + 8 none,0,0 [kworker/0:1]
perf  99 [003]  13.000000001: block:block_rq_issue: 8,0 R 4096 () 16 + 8 [perf]
         usemem-1-9    [001] ....     1.000300: block_rq_issue: 43,0 FN 0 () 0 + 0 [usemem-1]
rubbish
         kswapd0-30    [001] ....     1.000400: mm_vmscan_kswapd_wake: nid=0 order=0
`)
    expect(value.requests).toEqual([
      { atNs: 1_000_125_000, write: true, offset: 1_048_576, length: 8192, of: "43,0" },
      { atNs: 12_500_000_000, write: false, offset: 4096, length: 4096, of: "8,0" },
      { atNs: 13_000_000_001, write: false, offset: 8192, length: 4096, of: "8,0" }
    ])
    expect([...value.byProcess]).toEqual([["kswapd0", 1], ["kworker/0:1", 1], ["perf", 1]])
    expect(unread.map(({ line, why }) => `${line}: ${why}`)).toEqual([
      "7: expected a read or a write with data",
      "8: expected a line of ftrace",
      "4: 2 of them: block_rq_issue is replayed"
    ])
  })
})

describe("page trace", () => {
  it("has a page, a client and a time on each line", () => {
    const { unread, value } = readPageCsv(
      "t,client,page,rw\n0.000125,desk-1,42,W\n\n3,desk-2,7,R\r\n4,desk-2,7,X\n5,,7,R\n9999999,desk-1,7,R\n"
    )
    expect(value.requests).toEqual([
      { atNs: 125_000, write: true, offset: 172_032, length: 4096, of: "desk-1" },
      { atNs: 3e9, write: false, offset: 28_672, length: 4096, of: "desk-2" }
    ])
    expect(unread.map(({ line }) => line)).toEqual([5, 6, 7])
    expect([isPageCsv("t,client,page,rw\n"), isPageCsv("t,page,rw\n"), isPageCsv("")]).toEqual([true, false, false])
  })
})
