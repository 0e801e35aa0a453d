// Scripts of packetdrill on our TCP: our own ones, and what is said of a script that is wrong in one place.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { PASSED } from "../src/packetdrill/failure.mjs"
import { model } from "../src/packetdrill/model.mjs"
import { rowsOf } from "../src/packetdrill/results.mjs"
import { runScript } from "../src/packetdrill/run.mjs"
import { parseScript } from "../src/packetdrill/script.mjs"
import { knownIn, scriptsOf } from "../src/packetdrill/scripts.mjs"
import { files, read, root } from "../src/workspace.mjs"

const FOLDER = "tools/packetdrill-scripts"
const own = files(FOLDER).filter((path) => path.endsWith(".pkt"))

let libs: Awaited<ReturnType<typeof model>>
beforeAll(async () => {
  libs = await model()
})
const run = (text: string) => runScript(libs, parseScript("x.pkt", text))

const LISTEN = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
`
const STANDING = `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 win 14600 <...>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
`

describe("our own scripts", () => {
  it("pass, but for the known differences, each of which differs where its row says", () => {
    const scripts = own.map((path) => parseScript(join(root, path), read(path)))
    const others = rowsOf(libs, scripts).filter(({ sort }) => sort !== "passed")
    expect(others.filter(({ sort }) => sort !== "known difference")).toEqual([])
    expect(others.map(({ path }) => path)).toEqual(
      knownIn(join(root, FOLDER)).map(({ script }) => join(root, FOLDER, script))
    )
  })

  it("are all that the folder holds", () => {
    const found = scriptsOf([join(root, FOLDER)])
    expect(typeof found === "string" ? found : found.length).toBe(own.length)
    expect(own.length).toBeGreaterThan(30)
  })

  it.each(own)("%s says in its first comment what it checks, and where that stands", (path) => {
    const [comment] = read(path).split(/\n(?!\/\/)/)
    expect(comment).toMatch(/^\/\/ /)
    expect(comment).toMatch(/RFC \d+|(net|include)\/[\w/]+\.[ch]:\w+/)
  })

  it("are listed in docs/packetdrill.md, as are the known differences", () => {
    const page = read("docs/packetdrill.md")
    const names = own.map((path) => path.slice(FOLDER.length + 1, -".pkt".length))
    const [section = ""] = /^## Our own scripts$.*?^## /ms.exec(page) ?? []
    const listed = [...section.matchAll(/^\| [^|]+\| ((?:`[\w-]+`,? *)+)\|$/gm)].flatMap(([, cell]) =>
      [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name)
    )
    expect(listed.toSorted()).toEqual(names.toSorted())
    for (const { reason, script } of knownIn(join(root, FOLDER))) {
      expect(page.replace(/\s+/g, " ")).toContain(`| \`${script.slice(0, -".pkt".length)}\``)
      expect(page.replace(/\s+/g, " ")).toContain(reason)
    }
  })
})

describe("a packet that differs", () => {
  const script = (line: string) => `${STANDING}+0 write(4, ..., 1500) = 1500\n${line}\n+0 > P. 1001:1501(500) ack 1`
  const GOT = "0.100000 > . 1:1001(1000) ack 1 win 14600"
  it.each([
    ["+0 > . 1:1001(1000) ack 1", "passed", ""],
    ["+0 > . 1:1001(1000) ack 1 win 14600", "passed", ""],
    ["+0 > P. 1:1001(1000) ack 1", "failed", "flags differs"],
    ["+0 > . 0:1000(1000) ack 1", "failed", "sequence number differs"],
    ["+0 > . 1:1000(999) ack 1", "failed", "length differs"],
    ["+0 > . 1:1001(1000) ack 2", "failed", "ack differs"],
    ["+0 > . 1:1001(1000) ack 1 win 9999", "failed", "window differs"],
    ["+.003 > . 1:1001(1000) ack 1", "passed", ""],
    ["+.005 > . 1:1001(1000) ack 1", "failed", "time differs"],
    ["+0 > R 5:5(0)", "failed", "flags, sequence number, length, ack differ"]
  ])("%s: %s", (line, verdict, reason) => {
    const result = run(script(line))
    expect([result.verdict, result.reason]).toEqual([verdict, reason])
    if (verdict === "passed") return
    const at = line.startsWith("+0 ") ? "0.100000" : "0.105000"
    expect(result.place?.line).toBe(9)
    expect(result.got?.slice(9)).toBe(GOT.slice(9))
    expect(result.expected).toBe(`${at}${line.slice(line.indexOf(" "))}`)
  })

  it("does not come at all", () => {
    const { got, place, reason, verdict } = run(`${STANDING}+.1 > . 1:1(0) ack 1`)
    expect([verdict, place?.line, reason, got]).toEqual(["failed", 8, "no packet has left", null])
  })
})

describe("a call that differs", () => {
  it.each([
    ["+0 read(4, ..., 10) = 10", "the call sleeps", "0.100000 read(4, ..., 10) = 10", null],
    [
      "+0 write(4, ..., 10) = 9",
      "the result differs",
      "0.100000 write(4, ..., 10) = 9",
      "0.100000 write(4, ..., 10) = 10"
    ],
    [
      "+0 close(9) = 0",
      "the result differs",
      "0.100000 close(9) = 0",
      "0.100000 close(9) = -1 EBADF"
    ],
    ["+0...0.1 write(4, ..., 1) = 1", "time differs", "0.200000 write(4, ..., 1) = 1", "0.100000 write(4, ..., 1) = 1"],
    ["+0 %{ assert tcpi_snd_cwnd == 9 }%", "the assertion is wrong", "assert tcpi_snd_cwnd == 9", "tcpi_snd_cwnd == 10"]
  ])("%s", (line, reason, expected, got) => {
    expect(run(`${STANDING}${line}`)).toEqual({
      verdict: "failed",
      place: { line: 8, column: line.includes("%{") ? 6 : 1 },
      reason,
      expected,
      got
    })
  })
})

describe("a script that needs more than the model has is not supported", () => {
  it.each([
    ["--ip_version=ipv6\n0 close(3) = 0", 1, "--ip_version=ipv6"],
    ["`sysctl -q net.ipv4.tcp_ecn=3`", 1, "sysctl net.ipv4.tcp_ecn=3"],
    ["`sysctl -q net.ipv4.tcp_sack=2`", 1, "sysctl net.ipv4.tcp_sack=2"],
    ["`ip route`", 1, "the command ip route"],
    ["`sysctl -q net.ipv4.tcp_retries2=0`", 1, "sysctl net.ipv4.tcp_retries2=0"],
    ["`sysctl -q net.ipv4.tcp_congestion_control=bic`", 1, "sysctl net.ipv4.tcp_congestion_control=bic"],
    ["0 < R 1:1(0)\n0 `sysctl -q net.ipv4.tcp_retries2=8`", 2, "a sysctl after the script has begun"],
    ["0 < S 0:0(0) win 1 <mss 1460,FO 1234>", 1, "the option FO 1234: fast open"],
    ["0 < S 0:0(0) win 1 <mss 1460,nop,wscale>", 1, "the option wscale: it is unknown"],
    ["0 < S 0:0(0) win 1 <TS val 1>", 1, "the option TS val 1: it is unknown"],
    ["0 < . 1:1(0) ack 1 win 1 <sack 1:2 3:4 5:6 7:8>", 1, "more than 3 SACK blocks in a packet"],
    ["0 > S 0:0(0) <mss 1460,md5 1>", 1, "the option md5 1: MD5"],
    ["0 poll(3) = 0", 1, "poll without a list of descriptors"],
    ["0 dup(3) = 4", 1, "the system call dup"],
    ["0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3", 1, "a socket of another protocol than TCP"],
    [`${LISTEN}+0 setsockopt(3, SOL_TCP, TCP_CORK, [1], 4) = 0`, 4, "TCP_CORK before there is a connection"],
    [`${STANDING}+0 ioctl(4, SIOCATMARK, [0]) = 0`, 8, "ioctl with SIOCATMARK"],
    ["`../no/defaults.sh`", 1, "the command ../no/defaults.sh"],
    [`${STANDING}+0 shutdown(4, SHUT_RD) = 0`, 8, "shutdown with SHUT_RD"],
    [`${STANDING}+0 %{ assert tcpi_options == 0 }%`, 8, "tcpi_options of tcp_info"],
    ["0 %{ assert tcpi_rto == 0 }%", 1, "an assertion without a connection"]
  ])("%j", (text, line, reason) => {
    const result = run(text)
    expect([result.verdict, result.place?.line, result.reason]).toEqual(["not supported", line, reason])
  })
})

it.each([
  ["<...>", "passed", ""],
  ["<mss 1460>", "passed", ""],
  ["<nop,mss 1460>", "passed", ""],
  ["<mss 1000>", "failed", "options differs"],
  ["", "failed", "options differs"]
])("a SYN that leaves has %j: %s", (options, verdict, reason) => {
  const result = run(`${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000>\n+0 > S. 0:0(0) ack 1 ${options}`)
  expect([result.verdict, result.reason]).toEqual([verdict, reason])
})

it("sysctls that the model has are those of the machine", () => {
  const idle = (cwnd: number) =>
    `${STANDING}+0 write(4, ..., 9000) = 9000
+0 > . 1:8001(8000) ack 1
+0 > P. 8001:9001(1000) ack 1
+.1 < . 1:1(0) ack 1001 win 65535
+0 < . 1:1(0) ack 9001 win 65535
+9 write(4, ..., 1000) = 1000
+0 > P. 9001:10001(1000) ack 1
+0 %{ assert tcpi_snd_cwnd == ${cwnd} }%`
  expect(run(idle(10)).verdict).toBe("passed")
  expect(run(`\`sysctl -q net.ipv4.tcp_slow_start_after_idle=0\`\n${idle(12)}`).verdict).toBe("passed")
})

it("a suite's defaults are taken as far as the model has them, and a script's own sysctls go before them", () => {
  const folder = mkdtempSync(join(tmpdir(), "packetdrill-"))
  try {
    mkdirSync(join(folder, "common"))
    const lines = [
      "ip tcp_metrics flush all > /dev/null 2>&1",
      "sysctl -q net.ipv4.tcp_rmem=\"4096 540000 $((15*1024*1024))\"",
      "sysctl -q net.ipv4.tcp_sack=0 net.ipv4.tcp_recovery=1",
      "sysctl -q net.ipv4.tcp_timestamps=0"
    ]
    writeFileSync(join(folder, "common", "defaults.sh"), lines.join("\n"))
    const text = `\`../common/defaults.sh
sysctl -q net.ipv4.tcp_sack=1\`
${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000,sackOK,TS val 1 ecr 0,wscale 7>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8>`
    expect(runScript(libs, parseScript(join(folder, "close", "x.pkt"), text))).toEqual(PASSED)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it("what an ioctl finds is compared", () => {
  const { got, verdict } = run(`${STANDING}+0 ioctl(4, SIOCINQ, [5]) = 0`)
  expect([verdict, got]).toEqual(["failed", expect.stringContaining("with SIOCINQ 0")])
})

it("options and sysctls that agree with the model change nothing, or what they say", () => {
  const { verdict } = run(`--ip_version=ipv4 --tolerance_usecs=20000 --mss=500
\`sysctl -q net.ipv4.tcp_sack=0 net.ipv4.tcp_congestion_control=reno; sysctl -w net.ipv4.tcp_ecn=0\`
${STANDING.replace("win 14600", "win 5000")}+0 write(4, ..., 600) = 600
+.019 > . 1:501(500) ack 1
+0 > P. 501:601(100) ack 1`)
  expect(verdict).toBe("passed")
})
