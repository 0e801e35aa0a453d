// Faults of the disk of an NBD server, and errors that it answers with.
import { choice, field, formatQuantity, number, Percentage, required, SHARE, TIME, Time } from "@swaplab/config"
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { faultKind } from "./fault-kind.ts"

export const slowDisk = faultKind({
  on: "server",
  meaning: "every request to the server's disk takes longer, as on a RAID that rebuilds",
  sets: "disk",
  cause: "network",
  hits: "requests slowed",
  options: {
    factor: field(number(1, 10_000), 1, "How many times as long."),
    extra: field(Time, 0, "And so much more.")
  },
  swarm: { factor: [2, 20], extra: ["0 s", "5 ms", "100 ms"] },
  rules: [{
    path: ["factor"],
    holds: ({ extra, factor }) => extra > 0 || factor > 1,
    words: () => "got 1, expected more than 1, or extra above 0: else nothing is slower"
  }],
  begin: ({ machine }, { extra, factor }) => {
    const before = machine.disk.slowed
    machine.disk.setSlow(factor, extra)
    return {
      end: () => machine.disk.setSlow(1, 0),
      effects: () => [["requests slowed", machine.disk.slowed - before]]
    }
  },
  describe: ({ extra, factor }) =>
    [
      "disk",
      ...(factor > 1 ? [`${factor} times as slow`] : []),
      ...(extra > 0 ? [`slower by ${formatQuantity(TIME, extra)}`] : [])
    ]
      .join(" ")
})

export const diskFull = faultKind({
  on: "server",
  meaning: "the server's disk is full: pages that take new room there are refused with ENOSPC",
  sets: "capacity",
  cause: "network",
  hits: "writes refused",
  options: {},
  swarm: {},
  begin: ({ machine }) => {
    const { server } = machine
    const before = server.stats.noSpace
    machine.setCapacity(server.usedPages * PAGE_SIZE)
    return {
      end: () => machine.setCapacity(null),
      effects: () => [["writes refused", server.stats.noSpace - before]]
    }
  },
  describe: () => "disk full"
})

export const errors = faultKind({
  on: "server",
  meaning: "the server answers requests with EIO, each by chance; Linux makes EIO of every error of NBD",
  sets: "errors",
  parts: ({ command }) => command === "all" ? ["read", "write"] : [command],
  cause: "network",
  hits: "requests answered with an error",
  options: {
    command: field(
      choice("all", "read", "write"),
      "all",
      "Requests of this command only, or all. A client sends no others."
    ),
    ...required("probability", Percentage, "Of each request.")
  },
  swarm: { command: ["all", "read", "write"], probability: ["0.1 %", "1 %", "10 %"] },
  begin: ({ machine }, { command, probability }) => {
    const before = machine.errors.injectedInto(command)
    machine.errors.set(command, probability)
    return {
      end: () => machine.errors.set(command, 0),
      effects: () => [["requests answered with an error", machine.errors.injectedInto(command) - before]]
    }
  },
  describe: ({ command, probability }) =>
    `${formatQuantity(SHARE, probability)} of ${command === "all" ? "all requests" : `${command} requests`} fail`
})
