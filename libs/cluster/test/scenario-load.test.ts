// What is wrong in a scenario file is one message with file, path and value.
import { MAX_FILE_BYTES } from "#src/scenario/load.ts"
import { toYaml } from "@swaplab/config"
import { Either } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Entry, load, loaded, messageOf, MINIMAL, withClient, wordsOf } from "./scenario-files.ts"

describe("a bad file is one message with file, path and value", () => {
  it.each([
    ["an unknown key", withClient("rma: 64 MiB"), `s/x.yaml: clients[0].rma: unknown key, did you mean "ram"?`],
    [
      "a key of a client's link that has another owner now",
      withClient("link: { queue: 64 KiB }"),
      "s/x.yaml: clients[0].link.queue: has another name, expected lan.switch.portLimit for what may wait for a port of "
      + "the switch, which this key limited, or nic.txRing and nic.txQueue for the card's own queue"
    ],
    [
      "the same of the server's link",
      `${MINIMAL}\nserver: { link: { queue: 64 KiB } }`,
      "s/x.yaml: server.link.queue: has another name, expected lan.switch.portLimit for what may wait for a port of "
      + "the switch, which this key limited, or server.nic.txRing and server.nic.txQueue for the card's own queue"
    ],
    [
      "reserves of ports that do not fit into the switch",
      `${MINIMAL}\nlan: { switch: { buffer: 16 KiB, portReserve: 16 KiB } }`,
      `s/x.yaml: lan.switch.portReserve: expected at most 8 KiB: 2 ports share a buffer of 16 KiB`
    ],
    [
      "a port that may not hold its reserve",
      `${MINIMAL}\nlan: { switch: { portReserve: 8 KiB, portLimit: 4 KiB } }`,
      `s/x.yaml: lan.switch.portLimit: expected at least lan.switch.portReserve, 8 KiB`
    ],
    [
      "no share of the switch for anybody",
      `${MINIMAL}\nlan: { switch: { alpha: 0 } }`,
      `s/x.yaml: lan.switch.alpha: got 0, expected a number from 0.01 to 100`
    ],
    ["an unknown key at the top", `${MINIMAL}\nkernel: x`, `s/x.yaml: kernel: unknown key, did you mean "kernels"?`],
    [
      "a wrong unit",
      withClient("swap: 64 MB/s"),
      `s/x.yaml: clients[0].swap: got "64 MB/s", expected a size such as 64 MiB`
    ],
    [
      "a size without unit",
      withClient("swap: 512"),
      "s/x.yaml: clients[0].swap: got 512, expected a size such as 64 MiB"
    ],
    [
      "a negative size",
      withClient("ram: -64 MiB"),
      `s/x.yaml: clients[0].ram: got "-64 MiB", expected a size such as 64 MiB, at least 8 MiB and at most 64 GiB`
    ],
    [
      "no client in a group",
      withClient("count: 0"),
      "s/x.yaml: clients[0].count: got 0, expected a whole number from 1 to 10000"
    ],
    [
      "no client group",
      MINIMAL.replace("clients:\n  - name: client", "clients: []"),
      "s/x.yaml: clients: got [], expected a list of at least one client group"
    ],
    [
      "a kernel that is not there",
      withClient("kernel: vanila"),
      `s/x.yaml: clients[0].kernel: got "vanila", expected a kernel of this scenario: did you mean vanilla?`
    ],
    [
      "an unknown patch",
      MINIMAL.replace("base: v3.5 }", "base: v3.5, patches: { trottle: true } }"),
      `s/x.yaml: kernels.vanilla.patches.trottle: unknown key, did you mean "throttle"?`
    ],
    [
      "an unknown base",
      MINIMAL.replace("base: v3.5 }", "base: v3.7 }"),
      `s/x.yaml: kernels.vanilla.base: got "v3.7", expected v3.5, feb-2012, v9, v3.6 or v3.6-P`
    ],
    [
      "a near miss in a kernel",
      MINIMAL.replace("base: v3.5 }", "base: v3.6 - nbd-memaloc }"),
      `s/x.yaml: kernels.vanilla.base: got "v3.6 - nbd-memaloc", expected patches by the names of "swaplab patches"; none `
      + "is called nbd-memaloc, did you mean nbd-memalloc?"
    ],
    [
      "a base that is nearly one",
      MINIMAL.replace("base: v3.5 }", "base: v36 + throttle }"),
      "as in v3.6 - nbd-memalloc, did you mean v3.6?"
    ],
    [
      "a patch twice",
      MINIMAL.replace("base: v3.5 }", "base: v3.5 + throttle - 15 }"),
      "expected each patch once; 15 comes a second time"
    ],
    [
      "a sign without blanks",
      MINIMAL.replace("base: v3.5 }", "base: v3.5 +throttle }"),
      `with spaces, as in v3.6 - nbd-memalloc + readahead-plug; "+throttle" is neither`
    ],
    [
      "no kernel",
      MINIMAL.replace(/kernels:\n.*\n/, "kernels: {}\n"),
      "s/x.yaml: kernels: got {}, expected at least one kernel"
    ],
    [
      "a threshold on an unknown metric",
      `${MINIMAL}\nthresholds: [client.faultLatency.p98 < 1 ms]`,
      `s/x.yaml: thresholds[0]: got "client.faultLatency.p98 < 1 ms", expected a known metric, did you mean `
      + "client.faultLatency.p90?"
    ],
    [
      "a threshold in a wrong unit",
      `${MINIMAL}\nthresholds: [elapsed < 3 MiB]`,
      `s/x.yaml: thresholds[0]: got "elapsed < 3 MiB", expected a time such as 10 ms after <`
    ],
    [
      "a seed twice",
      `${MINIMAL}\nseeds: [1, 1]`,
      "s/x.yaml: seeds: got [1,1], expected a count such as 10, or a list of different seeds such as [1, 2, 5]"
    ],
    [
      "a missing name",
      MINIMAL.replace("name: least", ""),
      "s/x.yaml: name: missing, expected a name of letters, digits, - and _"
    ],
    [
      "a distribution with a negative width",
      withClient(`start: "normal(2 min, -90 s)"`),
      `s/x.yaml: clients[0].start: got "normal(2 min, -90 s)", expected for sd of normal(mean, sd) a time such as 10 s, `
      + "which is never negative, and not -90 s"
    ],
    [
      "a distribution of an unknown name",
      withClient(`start: "norml(2 min, 90 s)"`),
      `s/x.yaml: clients[0].start: got "norml(2 min, 90 s)", expected uniform(from, to), normal(mean, sd) or `
      + "exponential(from, mean), did you mean normal?"
    ],
    [
      "a distribution with a parameter too few",
      withClient("start: uniform(30 s)"),
      `s/x.yaml: clients[0].start: got "uniform(30 s)", expected uniform(from, to), as in uniform(0 s, 30 s)`
    ],
    [
      "a distribution that ends before it begins",
      withClient(`start: "uniform(30 s, 10 s)"`),
      `s/x.yaml: clients[0].start: got "uniform(30 s, 10 s)", expected for to of uniform(from, to) a time that is not before from`
    ],
    [
      "the same by times of day",
      `${withClient(`start: "uniform(09:30, 5 min)"`)}\nclock: 08:55`,
      `s/x.yaml: clients[0].start: got "uniform(09:30, 5 min)", expected for to of uniform(from, to) a time that is not before from`
    ],
    [
      "a start without a unit",
      withClient("start: 30"),
      "s/x.yaml: clients[0].start: got 30, expected a time such as 10 s or 09:00, or a distribution such as "
      + "uniform(0 s, 30 s), normal(2 min, 90 s) or exponential(0 s, 30 s)"
    ],
    [
      "a time of day without a clock",
      withClient("start: 09:00"),
      `s/x.yaml: clients[0].start: got "09:00", expected a time from the start, such as 10 s, or a clock in the scenario: `
      + "without one nobody knows when 09:00 is"
    ],
    [
      "a time before the clock",
      `${withClient(`start: "normal(08:30, 90 s)"`)}\nclock: 08:55`,
      `s/x.yaml: clients[0].start: got "normal(08:30, 90 s)", expected a time of day from the clock on, which starts at 08:55`
    ],
    [
      "a clock that is none",
      `${MINIMAL}\nclock: 8:55`,
      `s/x.yaml: clock: got "8:55", expected a time of day such as 08:55 or 08:55:30`
    ],
    [
      "a start after the end",
      `${withClient(`start: "normal(09:00, 90 s)"`)}\nclock: 08:55\nduration: 4 min`,
      `s/x.yaml: clients[0].start: got "normal(09:00, 90 s)", expected a time before the end of the scenario, whose duration `
      + "is 4 min"
    ],
    ["a tick rate that Linux has not", `${MINIMAL}\nhz: 300`, "s/x.yaml: hz: got 300, expected 100, 250 or 1000"],
    [
      "two groups of one name",
      MINIMAL.replace("  - name: client", "  - name: client\n  - name: client"),
      `s/x.yaml: clients[1].name: got "client", expected a name that no other group has`
    ],
    [
      "a list at the top",
      "- a\n- b",
      `s/x.yaml: got ["a","b"], expected a scenario: a mapping with name, kernels and clients`
    ],
    ["an empty file", "", "s/x.yaml: is empty, expected a scenario"],
    ["comments only", "# nothing\n", "s/x.yaml: is empty, expected a scenario"],
    [
      "a key called __proto__",
      `${MINIMAL}\n__proto__: { hz: 100 }`,
      "s/x.yaml: __proto__: unknown key, expected one of"
    ]
  ])("%s", (_, text, message) => {
    expect(wordsOf(load({ "s/x.yaml": text }))).toContain(message)
  })

  it("names line and column of what is no YAML", () => {
    expect(messageOf(load({ "s/x.yaml": "name: x\nkernels: {a: [}\n" }))).toMatch(
      /^s\/x\.yaml:2:\d+: not YAML: .+$/
    )
  })

  it("refuses a key given twice", () => {
    expect(messageOf(load({ "s/x.yaml": "name: x\nname: y\n" }))).toBe(
      `s/x.yaml:2:1: the key "name" was given in line 1 already`
    )
  })

  it("does not expand aliases without end", () => {
    const lines = ["a0: &a0 [x]"]
    for (let i = 1; i < 12; i++) {
      lines.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join(", ")}]`)
    }
    expect(messageOf(load({ "s/x.yaml": lines.join("\n") }))).toContain("has more than 250000 values")
  })

  it("shows all mistakes of a file at once, a line each", () => {
    const lines = messageOf(load({ "s/x.yaml": withClient("ram: x, cpus: 0, nic: { rxring: 1 }") })).split("\n")
    expect(lines).toHaveLength(3)
    expect(lines.every((line) => line.startsWith("s/x.yaml:6:"))).toBe(true)
  })

  it.each<[string, Record<string, Entry>, string]>([
    ["missing", {}, "s/x.yaml: no such file, expected a scenario"],
    ["a directory", { "s/x.yaml": { kind: "directory" } }, "s/x.yaml: is a directory, expected a scenario file"],
    [
      "larger than 10 MiB, and is not read",
      { "s/x.yaml": { kind: "file", bytes: 100_000_000 } },
      `s/x.yaml: has 100000000 bytes, expected a scenario of at most ${MAX_FILE_BYTES} (10 MiB)`
    ],
    [
      "unreadable",
      { "s/x.yaml": { kind: "unreadable", reason: "permission denied" } },
      "s/x.yaml: cannot be read: permission denied"
    ]
  ])("the file is %s", (_, entries, message) => {
    expect(messageOf(load(entries))).toBe(message)
  })
})

describe("numbers that are none, at every kind of key", () => {
  it.each([
    ["hz: .nan", "hz: got .nan, expected 100, 250 or 1000"],
    ["seeds: .inf", "seeds: got .inf, expected a count such as 10"],
    ["seeds: [1e400]", "seeds[0]: got 1e400, expected a whole number from 0"],
    ["duration: -.inf", "duration: got -.inf, expected a time such as 10 ms"],
    ["lan: { loss: .nan }", "lan.loss: got .nan, expected a percentage from 0 % to 100 %, such as 5 %"],
    ["server: { cpus: 1e400 }", "server.cpus: got 1e400, expected a whole number from 1 to 256"],
    ["map: { x: { path: hz, values: [.nan] } }", "map.x.values[0]: got .nan, expected a text or a number"]
  ])("%s", (text, message) => {
    expect(wordsOf(load({ "s/x.yaml": `${MINIMAL}\n${text}` }))).toContain(`s/x.yaml: ${message}`)
  })

  it("says them from a flag, too", () => {
    expect(messageOf(load({ "s/x.yaml": MINIMAL }, ["hz=.nan"]))).toBe(
      "--set hz=.nan: hz: got .nan, expected 100, 250 or 1000"
    )
  })
})

it("no YAML makes the loader throw: it is a scenario, or a list of mistakes with their places", () => {
  const keys = fc.constantFrom(
    "",
    ..."name kernels clients lan server map expect thresholds include seeds ram path __proto__ constructor 0 a.b $schema default vanilla"
      .split(" ")
  )
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      NaN,
      Infinity,
      -1,
      1e300,
      "64 MiB",
      "",
      "x",
      "v3.5",
      "client.faultLatency.p99"
    ),
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
  const least = { kernels: { vanilla: { allocator: "slab", base: "v3.5" } }, name: "x", clients: [{}] }
  fc.assert(
    fc.property(fc.oneof(value, fc.dictionary(keys, value).map((more) => ({ ...least, ...more }))), (data) => {
      const result = load({ "s/x.yaml": toYaml(data) })
      return Either.isRight(result) ||
        (result.left.problems.length > 0 && result.left.problems.every(({ place }) => place.source === "s/x.yaml"))
    }),
    { numRuns: 300, seed: 2012 }
  )
})

describe("kernels", () => {
  const kernel = (base: string, more = ""): unknown =>
    loaded(MINIMAL.replace("base: v3.5 }", `base: ${base}${more} }`)).scenario.kernels["vanilla"]

  it("an expression is the same as its base with a mapping", () => {
    const mapping = kernel("v3.6", ", patches: { nbd-memalloc: false, recursive-reclaim: true }")
    expect(kernel("v3.6 - nbd-memalloc + recursive-reclaim")).toEqual(mapping)
    expect(kernel("v3.6 - 14 + recursive-reclaim")).toEqual(mapping)
  })

  it("the mapping goes before the expression", () => {
    expect(kernel("v3.6 - throttle", ", patches: { throttle: true }")).toMatchObject({ patches: { throttle: true } })
  })
})

describe("a disk by figures", () => {
  const withDisk = (disk: string): string => `${MINIMAL}\nserver: { disk: ${disk} }`
  const TIMES = "read: { median: 2 ms, p99: 20 ms }, write: { median: 20 ms, p99: 300 ms, perKiB: 100 us }"

  it("has defaults for all but its times", () => {
    expect(loaded(withDisk(`{ ${TIMES} }`)).scenario.server?.disk).toEqual({
      read: { median: 2e6, p99: 20e6, perKiB: 0 },
      write: { median: 20e6, p99: 300e6, perKiB: 1e5 },
      channels: 1,
      capacity: 2 ** 40
    })
  })

  it("has its mistakes told where they are", () => {
    const told = (disk: string): string => messageOf(load({ "s/x.yaml": withDisk(disk) }))
    expect(told("floppy")).toContain(
      `server.disk: got "floppy", expected memory, hdd, sata-ssd, nvme, or a mapping with read and write`
    )
    expect(told(`{ ${TIMES}, chanels: 2 }`)).toContain(`server.disk.chanels: unknown key, did you mean "channels"?`)
    expect(told("{ read: { median: 2, p99: 20 ms }, write: { median: 1 ms, p99: 1 ms } }")).toContain(
      "server.disk.read.median: got 2, expected a time"
    )
    expect(told("{ read: { median: 2 ms, p99: 1 ms }, write: { median: 1 ms, p99: 1 ms } }")).toContain(
      `server.disk.read.p99: got "1 ms", expected a time that is not shorter than the median`
    )
    expect(told("{ read: { median: 2 ms, p99: 2 ms } }")).toContain("server.disk.write: missing")
  })
})
