// Mistakes in `faults`: each gives one message, with path, value and what was expected.
import { FAULT_NAMES } from "#src/faults/faults.ts"
import { loadScenario } from "@swaplab/cluster"
import { Effect, Either } from "effect"
import { describe, expect, it } from "vitest"
import { filesInMemory, MINIMAL } from "./scenario-files.ts"

/** What is said of a scenario of ten minutes with these entries; "" if nothing. */
const said = (...faults: ReadonlyArray<string>): string => {
  const text = `${MINIMAL}\nduration: 10 min\nfaults:\n${faults.map((fault) => `  - { ${fault} }`).join("\n")}`
  const loaded = Effect.runSync(
    Effect.either(Effect.provide(loadScenario("x.yaml", []), filesInMemory({ "x.yaml": text })))
  )
  return Either.isLeft(loaded) ? loaded.left.message.replaceAll(/x\.yaml:\d+:\d+: /g, "") : ""
}

const KINDS = `${FAULT_NAMES.slice(0, -1).join(", ")} or ${FAULT_NAMES.at(-1)}`

describe("a mistake in a fault is one message", () => {
  it.each<readonly [what: string, faults: ReadonlyArray<string>, message: string]>([
    [
      "a kind that does not exist",
      ["what: dwon, where: client, at: 1 s"],
      `faults[0].what: got "dwon", expected ${KINDS}, did you mean down?`
    ],
    ["no kind", ["where: client, at: 1 s"], `faults[0].what: missing, expected ${KINDS}`],
    [
      "a client that does not exist",
      ["what: down, where: client-9, at: 1 s"],
      `faults[0].where: got "client-9", expected servers, server, clients, client, or one client: client-1, `
      + "did you mean client-1?"
    ],
    [
      "a client's fault at the server",
      ["what: hog, where: server, at: 1 s, size: 1 MiB"],
      `faults[0].where: got "server", expected clients, client, or one client: client-1`
    ],
    [
      "a server's fault at a client",
      ["what: pause, where: client, at: 1 s"],
      `faults[0].where: got "client", expected servers, server`
    ],
    ["no place", ["what: down, at: 1 s"], "faults[0].where: missing, expected a name, or a list of names"],
    [
      "a client named twice",
      ["what: down, where: [client, client-1], at: 2 s"],
      `faults[0].where[1]: got "client-1", expected each machine once: client-1 is named before`
    ],
    [
      "no time",
      ["what: down, where: client"],
      "faults[0]: missing, expected one of at, between and every: when it begins"
    ],
    [
      "two ways to say when",
      ["what: down, where: client, at: 1 s, between: [1 s, 2 s]"],
      "faults[0].between: expected one of at, between and every, and at is given"
    ],
    [
      "after the end",
      ["what: down, where: client, at: 20 min"],
      `faults[0].at: got "20 min", expected a time before the end of the run, whose duration is 10 min`
    ],
    [
      "a time of day without a clock",
      ["what: down, where: client, at: 09:10"],
      `faults[0].at: got "09:10", expected a time from the start, such as 10 s, or a clock in the scenario: without one `
      + "nobody knows when 09:10 is"
    ],
    [
      "between two times in the wrong order",
      ["what: down, where: client, between: [5 s, 2 s]"],
      `faults[0].between[1]: got "2 s", expected a time after 5 s`
    ],
    [
      "between distributions",
      ["what: down, where: client, between: [1 s, 'uniform(2 s, 3 s)']"],
      `faults[0].between[1]: got "uniform(2 s, 3 s)", expected a time such as 10 s or 09:00, and no distribution`
    ],
    [
      "between three times",
      ["what: down, where: client, between: [1 s, 2 s, 3 s]"],
      `faults[0].between: got ["1 s","2 s","3 s"], expected a list of two times`
    ],
    [
      "between one time",
      ["what: down, where: client, between: [1 s]"],
      `faults[0].between: got ["1 s"], expected a list of two times`
    ],
    [
      "that comes again all the time",
      ["what: down, where: client, every: 1 us, for: 1 s"],
      `faults[0].every: got "1 us", expected at least 6 ms on average: a fault begins 100000 times in a run at most`
    ],
    [
      "that comes again all the time, by chance",
      ["what: down, where: client, every: 'exponential(0 s, 5 ms)', for: 1 ms"],
      `faults[0].every: got "exponential(0 ns, 5 ms)", expected at least 6 ms on average: a fault begins 100000 times in a run `
      + "at most"
    ],
    [
      "that comes after the end",
      ["what: down, where: client, every: 9 min, for: 1 s, from: 1 min"],
      `faults[0].every: got "9 min", expected less than 9 min: else it never begins`
    ],
    [
      "that comes after until",
      ["what: down, where: client, every: 2 min, for: 1 s, from: 1 min, until: 2 min"],
      `faults[0].until: got "2 min", expected a time from 3 min on, when it begins first`
    ],
    [
      "until before from",
      ["what: down, where: client, every: 2 s, for: 1 s, from: 5 min, until: 1 min"],
      `faults[0].until: got "1 min", expected a time after from, 5 min`
    ],
    [
      "from without every",
      ["what: down, where: client, at: 1 s, from: 2 s"],
      "faults[0].from: expected beside every only: it says between which times a fault comes again"
    ],
    [
      "that lasts no time",
      ["what: down, where: client, at: 1 s, for: 0 s"],
      `faults[0].for: got "0 ns", expected a time above 0, or no key: then it lasts to the end`
    ],
    [
      "that comes again before it has ended",
      ["what: down, where: client, every: 2 s, for: 3 s"],
      `faults[0].for: got "3 s", expected less than every, 2 s`
    ],
    [
      "that comes again and never ends",
      ["what: down, where: client, every: 2 s"],
      "faults[0]: missing for, expected how long it lasts: it comes again"
    ],
    [
      "a distribution whose comma ends it, as no quotes are there",
      ["what: down, where: client, at: 1 s, for: uniform(1 s, 2 s)"],
      `faults[0].for: got "uniform(1 s", expected a ) at the end: between { and } a distribution stands in quotes, `
      + `"uniform(0 s, 30 s)"\nfaults[0]["2 s)"]: unknown key, expected one of what, where, at, between, every, from, until, for, `
      + "direction"
    ],
    [
      "that comes again by chance and never ends",
      ["what: down, where: client, every: 'exponential(0 s, 2 s)'"],
      "faults[0]: missing for, expected how long it lasts: it comes again"
    ],
    [
      "a restart that comes again and never ends",
      ["what: restart, where: server, every: 2 s"],
      "faults[0]: missing for, expected how long it lasts: nbd-server is killed and starts again after `for`: its connections end"
    ],
    [
      "a restart without an end",
      ["what: restart, where: server, at: 1 s"],
      "faults[0]: missing for, expected how long it lasts: nbd-server is killed and starts again after `for`: its connections end"
    ],
    [
      "a probability of 1.2",
      ["what: loss, where: client, at: 1 s, probability: 1.2"],
      "faults[0].probability: got 1.2, expected a percentage from 0 % to 100 %, such as 5 %"
    ],
    [
      "a probability of 120 %",
      ["what: errors, where: server, at: 1 s, probability: 120 %"],
      `faults[0].probability: got "120 %", expected a percentage from 0 % to 100 %, such as 5 %`
    ],
    [
      "bursts that never come",
      ["what: burst-loss, where: client, at: 1 s, toBad: 0 %, toGood: 5 %"],
      `faults[0].toBad: got "0 %", expected more than 0 %, or lossGood above 0 %: else nothing is ever lost`
    ],
    [
      "a pause longer than its period",
      ["what: pause-storm, where: client, at: 1 s, on: 20 ms, period: 10 ms"],
      "faults[0].on: got 20 ms, expected at most the period, 10 ms"
    ],
    [
      "all of a CPU",
      ["what: steal-cpu, where: client, at: 1 s, share: 100 %"],
      `faults[0].share: got "100 %", expected a percentage such as 50 %, above 0 % and at most 99 %`
    ],
    [
      "a key of another kind",
      ["what: down, where: client, at: 1 s, probability: 5 %"],
      "faults[0].probability: unknown key, expected one of what, where, at, between, every, from, until, for, direction"
    ],
    [
      "two that contradict each other",
      ["what: down, where: client-1, at: 1 s, for: 2 s", "what: flap, where: client, at: 2 s"],
      "faults[1]: contradicts faults[0], which sets the cable of the same machine at the same time"
    ],
    [
      "both directions, and one of them",
      [
        "what: rate, where: client-1, at: 1 s, rate: 1 Mbit",
        "what: rate, where: client, at: 1 s, rate: 9 Mbit, direction: to-switch"
      ],
      "faults[1]: contradicts faults[0], which sets the rate of the same machine at the same time"
    ]
  ])("%s", (_, faults, message) => {
    expect(said(...faults)).toBe(message)
  })

  it.each([
    ["one after the other", [
      "what: down, where: client, at: 1 s, for: 1 s",
      "what: flap, where: client, at: 2 s, for: 1 s"
    ]],
    ["of two machines", ["what: down, where: client-1, at: 1 s", "what: down, where: server, at: 1 s"]],
    ["of two directions", [
      "what: rate, where: client, at: 1 s, rate: 1 Mbit, direction: to-switch",
      "what: rate, where: client, at: 1 s, rate: 9 Mbit, direction: from-switch"
    ]],
    ["of two commands", [
      "what: errors, where: server, at: 1 s, probability: 1 %, command: read",
      "what: errors, where: server, at: 1 s, probability: 9 %, command: write"
    ]],
    ["of two kinds", [
      "what: loss, where: client, at: 1 s, probability: 1 %",
      "what: rate, where: client, at: 1 s, rate: 10 Mbit"
    ]]
  ])("two faults may be there %s", (_, faults) => {
    expect(said(...faults)).toBe("")
  })
})
