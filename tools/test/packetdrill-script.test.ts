// The language of packetdrill scripts: what each notation means, and what is said where it is wrong.
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { formatCall } from "../src/packetdrill/calls.mjs"
import { SyntaxProblem } from "../src/packetdrill/cursor.mjs"
import { formatPacket } from "../src/packetdrill/packets.mjs"
import { parseScript } from "../src/packetdrill/script.mjs"

const parse = (text: string) => parseScript("x.pkt", text)
const only = (text: string) => {
  const { events } = parse(text)
  expect(events.length).toBe(1)
  return events[0]
}

/** What is said of a text that is no script. */
const mistake = (text: string): string => {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.message
    throw error
  }
  return "nothing"
}

describe("times", () => {
  it.each([
    ["0", { kind: "absolute", from: 0, to: 0, end: null }],
    ["0.1", { kind: "absolute", from: 1e8, to: 1e8, end: null }],
    [".25", { kind: "absolute", from: 2.5e8, to: 2.5e8, end: null }],
    ["+0", { kind: "relative", from: 0, to: 0, end: null }],
    ["+.1", { kind: "relative", from: 1e8, to: 1e8, end: null }],
    ["+0.1~+0.2", { kind: "relative", from: 1e8, to: 2e8, end: null }],
    ["0.1~0.2", { kind: "absolute", from: 1e8, to: 2e8, end: null }],
    ["*", { kind: "any", from: 0, to: Infinity, end: null }]
  ])("%s", (time, expected) => {
    expect(only(`${time} > . 1:1(0) ack 1`).time).toEqual(expected)
  })

  it.each([
    ["0...0.5", { kind: "absolute", from: 0, to: 0, end: 5e8 }],
    ["0.1...0.5", { kind: "absolute", from: 1e8, to: 1e8, end: 5e8 }],
    ["+.1...2", { kind: "relative", from: 1e8, to: 1e8, end: 2e9 }]
  ])("of a call that sleeps: %s", (time, expected) => {
    expect(only(`${time} close(3) = 0`).time).toEqual(expected)
  })
})

describe("packets", () => {
  const packet = { ecn: null, flags: ".", seq: 1, end: 1, len: 0, ack: 1, win: null, options: [] }
  it.each([
    ["S 0:0(0) win 100", { ...packet, flags: "S", seq: 0, end: 0, ack: null, win: 100 }],
    ["S. 0:0(0) ack 1 <...>", { ...packet, flags: "S.", seq: 0, end: 0, options: "any" }],
    [". 1:1(0) ack 1", packet],
    ["SEW 0:0(0) win 1", { ...packet, flags: "SEW", seq: 0, end: 0, ack: null, win: 1 }],
    ["[ce] PW. 1:2(1) ack 1", { ...packet, ecn: "ce", flags: "PW.", end: 2, len: 1 }],
    ["P. 1:1461(1460) ack 5 win 9", { ...packet, flags: "P.", end: 1461, len: 1460, ack: 5, win: 9 }],
    ["FP. 1:2(1) ack 1", { ...packet, flags: "FP.", end: 2, len: 1 }],
    ["PF. 1:2(1) ack 1", { ...packet, flags: "FP.", end: 2, len: 1 }],
    ["R 7:7(0)", { ...packet, flags: "R", seq: 7, end: 7, ack: null }],
    [
      "S 0:0(0) win 1 <mss 1460, sackOK,TS val 1 ecr 0,nop,wscale 7>",
      {
        ...packet,
        flags: "S",
        seq: 0,
        end: 0,
        ack: null,
        win: 1,
        options: ["mss 1460", "sackOK", "TS val 1 ecr 0", "nop", "wscale 7"]
      }
    ],
    [". 1:1(0) ack 1 win 1 <sack 1:2 5:6,nop>", { ...packet, win: 1, options: ["sack 1:2 5:6", "nop"] }]
  ])("%s", (text, expected) => {
    expect(only(`0 < ${text}`).action).toEqual({ kind: "in", packet: expected })
    expect(only(`0 > ${text}`).action).toEqual({ kind: "out", packet: expected })
  })

  it("are written as they are read", () => {
    const number = fc.integer({ min: 0, max: 2 ** 31 })
    const some = fc.record({
      ecn: fc.constantFrom(null, "noecn", "ect0", "ect01", "ce"),
      flags: fc.subarray(["S", "F", "R", "P", "E", "W"]).map((letters) => `${letters.join("")}.`),
      seq: number,
      len: fc.integer({ min: 0, max: 65535 }),
      ack: number,
      win: fc.option(fc.integer({ min: 0, max: 65535 })),
      options: fc.oneof(
        fc.constant("any" as const),
        fc.array(fc.constantFrom("mss 1460", "nop", "sackOK", "TS val 1 ecr 0"), { maxLength: 4 })
      )
    })
    fc.assert(
      fc.property(some, (fields) => {
        const whole = { ...fields, end: fields.seq + fields.len }
        expect(only(`+0 > ${formatPacket(whole)}`).action).toEqual({ kind: "out", packet: whole })
      }),
      { seed: 1 }
    )
  })
})

describe("system calls", () => {
  it.each([
    [
      "socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
      [null, { names: ["SOCK_STREAM"] }, { names: ["IPPROTO_TCP"] }],
      3,
      null
    ],
    [
      "setsockopt(3, SOL_SOCKET, SO_SNDBUF, [2000], 4) = 0",
      [3, { names: ["SOL_SOCKET"] }, { names: ["SO_SNDBUF"] }, [
        2000
      ], 4],
      0,
      null
    ],
    ["fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)", [3, { names: ["F_GETFL"] }], 2, null],
    [
      "fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0",
      [3, { names: ["F_SETFL"] }, { names: ["O_RDWR", "O_NONBLOCK"] }],
      0,
      null
    ],
    [
      "read(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)",
      [4, null, 1000],
      -1,
      "EAGAIN"
    ],
    ["write(4, \"hello\", 5) = ?", [4, "hello", 5], null, null],
    [
      "bind(3, {sa_family = AF_INET, sin_port = htons(80), a = {1, 2}}, 16) = 0",
      [3, { struct: "sa_family = AF_INET, sin_port = htons(80), a = {1, 2}" }, 16],
      0,
      null
    ],
    ["close(3)=0", [3], 0, null]
  ])("%s", (text, args, result, errno) => {
    const { action } = only(`+0 ${text}`)
    expect(action).toEqual({ kind: "call", call: { name: text.split("(")[0], args, result, errno } })
  })

  it("are shown as they are written", () => {
    const text = "send(4, ..., 1000, MSG_MORE|MSG_DONTWAIT) = -1 EPIPE"
    const { action } = only(`0 ${text}`)
    expect(action.kind === "call" && formatCall(action.call)).toBe(text)
  })
})

it("options, shell, code and comments", () => {
  const { events, options, refused } = parse(`// a script
--mss=1000 --tolerance_usecs=100
/* of several
   lines */
\`sysctl -q a=1\`
0 \`sysctl -q b=2\`
+1 %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd
# a comment
assert tcpi_unacked == 2 and tcpi_rto >= 200000 }%  // the end`)
  expect(refused).toBe(null)
  expect(options).toEqual([
    { place: { line: 2, column: 1 }, name: "mss", value: "1000" },
    { place: { line: 2, column: 12 }, name: "tolerance_usecs", value: "100" }
  ])
  expect(events.map(({ action, place: { line } }) => [line, action.kind])).toEqual([[5, "shell"], [6, "shell"], [
    7,
    "code"
  ]])
  expect(events[2].action).toEqual({
    kind: "code",
    assertions: [
      {
        place: { line: 7, column: 6 },
        text: "assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd",
        terms: [{ name: "tcpi_snd_cwnd", operator: "==", value: 10 }]
      },
      {
        place: { line: 9, column: 1 },
        text: "assert tcpi_unacked == 2 and tcpi_rto >= 200000",
        terms: [{ name: "tcpi_unacked", operator: "==", value: 2 }, {
          name: "tcpi_rto",
          operator: ">=",
          value: 200_000
        }]
      }
    ]
  })
})

it("assertions with bounds on both sides, and with names", () => {
  const { action } = only("0 %{ assert (5000 <= tcpi_rtt < 6000) and tcpi_ca_state == TCP_CA_Loss, tcpi_rtt }%")
  expect(action.kind === "code" && action.assertions[0].terms).toEqual([
    { name: "tcpi_rtt", operator: ">=", value: 5000 },
    { name: "tcpi_rtt", operator: "<", value: 6000 },
    { name: "tcpi_ca_state", operator: "==", value: 4 }
  ])
})

describe("mistakes", () => {
  it.each([
    ["hello", "x.pkt:1:1: expected an event, which begins with a time such as 0.1, +0.1 or *, found hello"],
    ["0\n  ~", "x.pkt:2:4: expected the end of the range, found the end of the file"],
    [
      "0",
      "x.pkt:1:2: expected <, >, a system call, a line in backquotes or %{ after the time, found the end of the file"
    ],
    ["0.2~0.1 > . 1:1(0) ack 1", "x.pkt:1:5: expected a time that is not before the first one, found 0.1"],
    ["0.1~+0.2 > . 1:1(0) ack 1", "x.pkt:1:5: expected a time without +, as the one before, found +0.2"],
    ["0 < X 1:1(0)", "x.pkt:1:5: expected flags such as S, S., P. or ., found X"],
    ["0 < . 1:1 ack 1", "x.pkt:1:11: expected the length in brackets, found ack"],
    ["0 < . 1:2(0) ack 1", "x.pkt:1:11: expected the length 1, from 1 to 2 (column 9), found 0"],
    ["0 < . 1:1(0) ack 1 <nop", "x.pkt:1:24: expected > after the options, found the end of the file"],
    ["0 read(4, ..., 10)", "x.pkt:1:19: expected = and the result of the call, found the end of the file"],
    ["0 read(4, ; = 1", "x.pkt:1:11: expected an argument: a number, a name, a text, [ ], { } or ..., found ;"],
    ["0 read(4 = 1", "x.pkt:1:10: expected a comma or ), found ="],
    ["0 read(4) = x", "x.pkt:1:13: expected the result: a number or ?, found x"],
    [
      "0 read(4) = 3 EAGAIN",
      "x.pkt:1:21: expected no error number with a result other than -1, found the end of the file"
    ],
    ["0 /* open", "x.pkt:1:3: expected */ at the end of the comment, found /*"],
    ["--", "x.pkt:1:1: expected an option such as --mss=1000, found --"]
  ])("%j", (text, message) => {
    expect(mistake(text)).toBe(message)
  })
})

describe("what is not supported", () => {
  it.each([
    ["0 < SAEW 0:0(0) win 1", 1, "the flags U and A: the model has neither urgent data nor accurate ECN"],
    ["0 < udp (10)", 1, "UDP"],
    ["0 > icmp unreachable", 1, "ICMP"],
    ["0 > [ect1] . 1:1(0) ack 1", 1, "[ect1] of the IP header"],
    ["0 < . 1:1(0)", 1, "one of ack and the flag . without the other"],
    ["0 < S 1:1(0) ack 1", 1, "one of ack and the flag . without the other"],
    ["0 < - 1:1(0)", 1, "a packet without flags"],
    ["0 > encap (1) . 1:1(0) ack 1", 1, "encapsulation"],
    ["0 close(3) = 0\n0 < . 1:1(0) ack 1 urg 1", 2, "urgent data"],
    ["0 %{ print(tcpi_rto) }%", 1, "code other than assert tcpi_NAME == NUMBER: print(tcpi_rto)"],
    [
      "0 %{\nassert tcpi_rto == tcpi_rtt }%",
      2,
      "code other than assert tcpi_NAME == NUMBER: assert tcpi_rto == tcpi_rtt"
    ],
    ["0...1 < . 1:1(0) ack 1", 1, "this kind of time before this kind of event"],
    ["* < . 1:1(0) ack 1", 1, "this kind of time before this kind of event"]
  ])("%j", (text, line, what) => {
    const { refused } = parse(text)
    expect([refused?.place.line, refused?.message]).toEqual([line, what])
  })
})
