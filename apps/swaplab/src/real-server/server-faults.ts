// What a soak test does to a real server. By its control socket it makes the faults that scenarios have for modelled servers,
// under the same names; by a command of the user it is killed and started again.
import { orList } from "@swaplab/config"
import type { SERVER_FAULTS } from "@swaplab/nbd"
import { Random } from "@swaplab/sim"

/** What was seen of a server from the beginning of a fault until a second after its end. */
export interface Seen {
  readonly errors: number
  readonly losses: number
  readonly maxLatencyNs: number
}

type Plan = Readonly<Record<string, unknown>>

type Options = Readonly<Record<string, unknown>>

interface FaultRow {
  /** The plan for the control socket; "drop": its command of that name; "command": the user's. */
  readonly draw: (random: Random) => Plan | "drop" | "command"
  /** Whether it has had an effect. */
  readonly hit: (seen: Seen) => boolean
}

interface ControlRow extends FaultRow {
  /** The plan that does what a scenario asks for, or which of its options no server outside can be told, and what is expected. */
  readonly planOf: (options: Options) => Plan | string
}

const MIB = 2 ** 20
/** Replies that take as long are due to a fault that slows. */
const SLOW_NS = 10e6

const erred = ({ errors }: Seen): boolean => errors > 0
const lost = ({ losses }: Seen): boolean => losses > 0
const slow = ({ maxLatencyNs }: Seen): boolean => maxLatencyNs >= SLOW_NS

/** By the names of scenarios. */
const BY_CONTROL: Readonly<Record<keyof typeof SERVER_FAULTS, ControlRow>> = {
  "slow-disk": {
    draw: (random) =>
      random.below(2) === 0
        ? { delay: { kind: "uniform", ms: 10, maxMs: 10 + random.below(90) } }
        : { diskBytesPerSecond: (1 + random.below(10)) * MIB },
    planOf: ({ extra, factor }) =>
      factor === 1
        ? { delay: { kind: "fixed", ms: Number(extra) / 1e6 } }
        : `factor: ${String(factor)}, expected extra only: nobody knows how long its disk takes`,
    hit: slow
  },
  "disk-full": { draw: () => ({ diskFull: true }), planOf: () => ({ diskFull: true }), hit: erred },
  errors: {
    draw: (random) => ({
      errors: [{
        command: random.below(2) === 0 ? "read" : "write",
        probability: 0.02 + 0.1 * random.unit(),
        error: "EIO"
      }]
    }),
    planOf: ({ command, probability }) => ({
      errors: (command === "all" ? ["read", "write"] : [command]).map((of) => ({
        command: of,
        probability,
        error: "EIO"
      }))
    }),
    hit: erred
  },
  pause: { draw: () => ({ stall: true }), planOf: () => ({ stall: true }), hit: slow },
  restart: {
    draw: () => "drop",
    // its connections are dropped, which is no plan
    planOf: ({ store }) => store === "kept" ? {} : `store: ${String(store)}, expected kept: it is not told to forget`,
    hit: lost
  }
}

/** What `--restart-command` does. */
const KILL = "kill"

/** Every fault by its name. */
export const FAULT_ROWS: Readonly<Record<string, FaultRow>> = {
  ...BY_CONTROL,
  [KILL]: { draw: () => "command", hit: lost }
}

/** The plan for a fault of a scenario; a text: why there is none, behind its name. */
export const planOf = (what: string, options: Options): Plan | string =>
  BY_CONTROL[what as keyof typeof BY_CONTROL]?.planOf(options) ??
    `expected ${orList(Object.keys(BY_CONTROL))}, which can be made at a control socket`

/** Who can make a fault: the control socket, or the user's command. */
export const makerOf = (name: string): "--control" | "--restart-command" =>
  name === KILL ? "--restart-command" : "--control"

/** A fault of one run. */
export interface DrawnFault {
  readonly name: string
  readonly what: Plan | "drop" | "command"
  /** All exports, or which of them, as a number between 0 and 1. */
  readonly which: number | null
  readonly atNs: number
  readonly endNs: number
}

/** No fault lasts longer, so that pauses end before connections do. */
const MAX_NS = 5e9

/** The faults of a run with this seed, one after the other. The last fifth of its time has none. */
export const drawFaults = (
  seed: number,
  names: ReadonlyArray<string>,
  durationNs: number
): ReadonlyArray<DrawnFault> => {
  if (names.length === 0) return []
  const random = new Random(seed, "server faults")
  // each kind is left out of half of the runs, so that others are seen alone
  const drawn = names.filter(() => random.below(2) === 0)
  const kinds = drawn.length === 0 ? names : drawn
  const faults: Array<DrawnFault> = []
  let at = 0
  for (;;) {
    at += durationNs * (0.02 + 0.1 * random.unit())
    const length = Math.min(MAX_NS, durationNs * (0.02 + 0.08 * random.unit()))
    if (at + length > 0.8 * durationNs) return faults
    const name = kinds[random.below(kinds.length)]
    const what = FAULT_ROWS[name].draw(random)
    const which = random.below(2) === 0 ? null : random.unit()
    faults.push({
      name,
      what,
      which,
      atNs: Math.round(at),
      endNs: Math.round(at + (typeof what === "string" ? 0 : length))
    })
    at += length
  }
}
