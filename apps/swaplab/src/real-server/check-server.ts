// What must be right before a run against a real server begins: the scenario fits, the server answers, its exports are large
// enough and may be written.
import { faultNamed, type LoadedScenario } from "@swaplab/cluster"
import { formatQuantity, orList, SIZE } from "@swaplab/config"
import { TransmissionFlag } from "@swaplab/nbd"
import { Effect } from "effect"
import { UsageError } from "../exit.ts"
import { placesIn } from "./live-runner.ts"
import { CLIENT, type NbdUri } from "./nbd-uri.ts"
import { openExport } from "./open-export.ts"
import { planOf } from "./server-faults.ts"

const mistake = (message: string): Effect.Effect<never, UsageError> => new UsageError({ message })

/** Who makes the faults that a scenario has for its server: nobody, the control socket, or a trace that has them. */
export type FaultMaker = "nobody" | "--control" | "trace"

const wrongFault = (
  fault: Readonly<Record<string, unknown>> & { readonly what: Parameters<typeof faultNamed>[0] },
  maker: FaultMaker
) => {
  if (maker === "trace" || faultNamed(fault.what).on !== "server") return null
  const plan = planOf(fault.what, fault)
  if (maker === "--control") return typeof plan === "string" ? plan : null
  const can = typeof plan === "string"
    ? ""
    : ", or run with --control and --control-token, the control socket of swaplab-nbd-server, which makes it"
  return `acts on a modelled server, expected faults of clients, cables and switches${can}`
}

/** The scenario has one server, and no fault of it that nobody makes. */
export const checkScenario = (
  { file, scenario }: LoadedScenario,
  option: string,
  maker: FaultMaker = "nobody"
): Effect.Effect<void, UsageError> => {
  const { faults, servers = [] } = scenario
  if (servers.length > 1 || (servers[0]?.count ?? 1) > 1) {
    return mistake(`${option}: ${file} has several servers, expected one, at whose place the real one stands`)
  }
  for (const [index, fault] of faults.entries()) {
    const why = wrongFault({ ...fault }, maker)
    if (why !== null) return mistake(`${option}: ${file} has faults.${index}, ${fault.what}: ${why}`)
  }
  return Effect.void
}

/** Each export that the runs of these kernels use, and how many bytes of it. */
const needs = (uri: NbdUri, { scenario }: LoadedScenario, kernels: ReadonlyArray<string>) => {
  const bytes = new Map<string, number>()
  for (const kernel of kernels) {
    for (const place of placesIn(uri, scenario, kernel)) {
      bytes.set(place.name, Math.max(bytes.get(place.name) ?? 0, place.offset + place.bytes))
    }
  }
  return bytes
}

/** Connects to each export once. */
export const checkServer = (
  option: string,
  uri: NbdUri,
  loaded: LoadedScenario,
  kernels: ReadonlyArray<string>
): Effect.Effect<void, UsageError> =>
  Effect.forEach(needs(uri, loaded, kernels), ([name, bytes]) =>
    Effect.gen(function*() {
      const said = `${option} ${uri.text}: export ${JSON.stringify(name)}`
      const { flags, size, wire: { socket } } = yield* Effect.tryPromise({
        try: () => openExport(uri, name),
        catch: (error) => new UsageError({ message: `${said}: ${(error as Error).message}` })
      })
      socket.on("error", () => {})
      socket.destroy()
      if ((flags & TransmissionFlag.ReadOnly) !== 0) {
        return yield* mistake(`${said} is read-only, expected one to swap to`)
      }
      if (size >= bytes) return
      const clients = loaded.scenario.clients.reduce((sum, { count }) => sum + count, 0)
      const shared = uri.name.includes(CLIENT)
        ? ""
        : ` for the swap of ${clients} clients, or ${CLIENT} in its name for one each`
      return yield* mistake(
        `${said} has ${formatQuantity(SIZE, size)}, expected at least ${formatQuantity(SIZE, bytes)}${shared}`
      )
    }), { discard: true })

/** Keys of the scenario's server that say nothing about a real one. */
const MODELLED = ["cpus", "threads", "swapFiles", "clientRate", "pageCache", "disk", "read", "write"] as const

/** What of the scenario has no effect on swap, or what does not go to the server, in words; null: nothing. */
export const withoutEffect = ({ given, scenario }: LoadedScenario): string | null => {
  const server: unknown = given["server"] ?? (given["servers"] as ReadonlyArray<unknown> | undefined)?.[0]
  const keys = typeof server === "object" && server !== null ? MODELLED.filter((key) => key in server) : []
  if (scenario.clients.some(({ root }) => root?.from === "nbd")) {
    // and with them what it serves them from
    return "root images come from the modelled server, as the scenario has it; only swap goes to the real one"
  }
  if (keys.length === 0) return null
  return `server: ${orList(keys).replace(" or ", " and ")} have no effect, because the server is a real one`
}
