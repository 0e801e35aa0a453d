// Reading configurations: every mistake with its place, all of them at once, nothing thrown.
import { toYaml } from "@swaplab/config"
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeYaml } from "../src/config/load.ts"

const said = (text: string): string =>
  Either.match(decodeYaml("f", text), { onLeft: ({ message }) => message, onRight: () => "" })

describe("mistakes", () => {
  it.each<[text: string, message: string]>([
    ["- a", `f:1:1: got ["a"], expected a configuration: a mapping with exports or swap`],
    ["hello", `f:1:1: got "hello", expected a configuration: a mapping with exports or swap`],
    ["", "f: is empty, expected a configuration"],
    ["exports: [a]", `f:1:10: exports: got ["a"], expected a mapping`],
    ["exports: { a: 1 }", "f:1:15: exports.a: got 1, expected a mapping"],
    ["exprots: {}", `f:1:1: exprots: unknown key, did you mean "exports"?`],
    [
      "exports: { a: { memory: 1 MB } }",
      "f:1:25: exports.a.memory: got \"1 MB\", expected a size such as 64 MiB: MB is 10^6 bytes to some and 2^20 to "
      + "others, write MiB"
    ],
    [
      "exports: { a: { memory: 1 MiB } }\nlimits: { bytesPerSecond: 5 MB/s, connections: .nan, handshake: 30 d }",
      "f:2:27: limits.bytesPerSecond: got \"5 MB/s\", expected a rate such as 50 MiB/s, above 0: MB is 10^6 bytes to some "
      + "and 2^20 to others, write MiB\n"
      + "f:2:48: limits.connections: got .nan, expected a whole number from 1\n"
      + "f:2:65: limits.handshake: got \"30 d\", expected a time such as 10 ms, at most 24 d"
    ],
    [
      "exports: { a: { memory: 1 MiB, faults: { delay: { kind: slow, ms: 1 } } } }",
      "f:1:49: exports.a.faults.delay: got {\"kind\":\"slow\",\"ms\":1}, expected a delay such as { kind: fixed, ms: 10 }; "
      + "kinds are fixed, exponential and uniform"
    ],
    [
      "exports: { a: { memory: 1 MiB, faults: { drop: 1e400 } } }",
      "f:1:48: exports.a.faults.drop: got 1e400, expected a probability from 0 to 1"
    ],
    [
      "exports: { a: { memory: 0 B }, b: { tokens: 5 B } }\nswap: { s: { size: 1 MiB, tls: true } }",
      "f:1:25: exports.a.memory: expected an export of at least one byte\n"
      + "f:1:45: exports.b.tokens: expected a multiple of 4096 bytes\n"
      + "f:2:12: swap.s: expected a name that ends in *, such as swap-*, or per: address\n"
      + "f:2:32: swap.s.tls: got true, expected tls to be set up"
    ],
    [
      `exports: { "${"x".repeat(257)}": { memory: 1 MiB } }`,
      "expected a name of at most 256 bytes, without a zero byte"
    ]
  ])("%s", (text, message) => {
    if (message.startsWith("f:")) expect(said(text)).toBe(message)
    else expect(said(text)).toContain(message)
  })
})

it("no YAML makes the reader throw", () => {
  const keys = fc.constantFrom(
    "",
    ..."exports swap tls limits record control listen a s-* size memory faults delay kind errors __proto__ constructor \0"
      .split(" ")
  )
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(null, true, NaN, Infinity, 0, "1 MiB", "", "fixed", "unix:/x", "10.0.0.0/8"),
    fc.double(),
    fc.string({ maxLength: 8 })
  )
  const value = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(keys, tie("tree"), { maxKeys: 4 })
    )
  })).tree
  fc.assert(
    fc.property(value, (data) => {
      const result = decodeYaml("f", toYaml(data))
      return Either.isRight(result) || result.left.problems.every(({ place }) => place.source === "f")
    }),
    { numRuns: 300, seed: 2012 }
  )
})
