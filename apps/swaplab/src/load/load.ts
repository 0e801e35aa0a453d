// swaplab load: the requests of emulated clients, sent to a real NBD server at their times.
import { MAX_LATENESS_P999_NS, type PlannedRun, planRequests, type RequestPlan, sequenceOf } from "@swaplab/cluster"
import type { Values } from "@swaplab/command"
import { parseQuantity, plural, TIME } from "@swaplab/config"
import { EXIT } from "@swaplab/experiment"
import { type LoadedServer, loadJson, type LoadResult, renderLoad, tooLate } from "@swaplab/report"
import { Console, Effect } from "effect"
import type { Commands } from "../commands.ts"
import { threadCpuSeconds } from "../cpu-time.ts"
import { ExitWith, UsageError } from "../exit.ts"
import { checkServer } from "../real-server/check-server.ts"
import { placesIn } from "../real-server/live-runner.ts"
import { type NbdUri, parseNbdUri } from "../real-server/nbd-uri.ts"
import { placesOf } from "../real-server/real-server.ts"
import { sheet } from "../screen.ts"
import { version } from "../version.ts"
import { beginningOf } from "./beginning.ts"
import { type Driven, drivePlan } from "./drive-plan.ts"
import { serveNothing } from "./null-server.ts"
import { scenarioOf } from "./profiles.ts"

/** The modelled server among the servers of --against. */
const MODEL = "model"

/** How much of a plan, from its first request on, is sent to a server that does nothing. */
const NULL_NS = 5e9

const KERNEL = "slub-series"

/** Sends the beginning of the plan to a server that does nothing. */
const againstNothing = async (plan: RequestPlan, bytes: number): Promise<Driven> => {
  const { port, server } = await serveNothing(bytes)
  const text = `nbd://127.0.0.1:${port}/`
  const uri: NbdUri = { text, tls: false, place: { host: "127.0.0.1", port }, name: "", certificates: null }
  try {
    const places = placesOf(uri, plan.clients.map((name) => ({ name, bytes: bytes / plan.clients.length })))
    return await drivePlan(beginningOf(plan, NULL_NS), uri, places, false)
  } finally {
    server.close()
  }
}

const loadedOf = (server: string, plan: RequestPlan, driven: Driven): LoadedServer => {
  const { broken, elapsedNs, errors, held, late, lies, losses, passPages, read, readBytes, sent, write, writeBytes } =
    driven
  const kinds = new Map<string, number>()
  for (const { kind } of lies) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  return {
    server,
    runtimeNs: elapsedNs,
    read: { bytes: readBytes, latency: read.summary() },
    write: { bytes: writeBytes, latency: write.summary() },
    errors,
    sent,
    // what was not sent is missing at the end
    sequences: sent === plan.atNs.length ? sequenceOf(plan, sent) : [],
    lateness: late.summary(),
    held: held.summary(),
    wrong: [
      ...[...kinds].map(([kind, count]) => `the server lies: ${plural(count, "page")} with ${kind}`),
      ...losses.map((why) => `${broken ? "the server lies" : "connection lost"}: ${why}`),
      ...(sent < plan.atNs.length ? [`${plan.atNs.length - sent} of ${plan.atNs.length} requests were not sent`] : [])
    ],
    passPages
  }
}

const modelOf = ({ plan, read, run, write }: PlannedRun): LoadedServer => {
  const [{ readBytes, writeBytes }] = run.servers as [(typeof run.servers)[number]]
  return {
    server: MODEL,
    runtimeNs: run.simulatedNs,
    read: { bytes: readBytes, latency: read },
    write: { bytes: writeBytes, latency: write },
    errors: 0,
    sent: plan.atNs.length,
    sequences: sequenceOf(plan, plan.atNs.length),
    lateness: null,
    held: null,
    wrong: run.outcome === "corruption" ? ["a page of the model came back wrong"] : [],
    passPages: 0
  }
}

/** The servers of a load: the first, and those of --against in their order; null is the model. */
const serversOf = ({ against, uri }: Values<Commands["load"]>) =>
  Effect.gen(function*() {
    const servers: Array<NbdUri | null> = [yield* parseNbdUri("load", uri)]
    for (const text of against.flatMap((list) => list.split(","))) {
      servers.push(text === MODEL ? null : yield* parseNbdUri("--against", text))
    }
    return servers
  })

/** `swaplab load`. */
export const load = (flags: Values<Commands["load"]>) =>
  Effect.gen(function*() {
    const servers = yield* serversOf(flags)
    const ns = parseQuantity(TIME, flags.for ?? "60 s")
    if (ns === null || ns <= 0) {
      return yield* new UsageError({ message: `--for ${flags.for}: expected ${TIME.expected}, above 0` })
    }
    const [profile, clients, seed] = [flags.profile ?? "fat-2020", flags.clients ?? 10, flags.seed ?? 1] as const
    const forText = flags.for ?? "60 s"
    const loaded = yield* scenarioOf({ profile, clients, forText, seed, ram: flags.ram })
    for (const uri of servers) if (uri !== null) yield* checkServer("load", uri, loaded, [KERNEL])
    const { scenario, workloads } = loaded
    yield* Console.error(`swaplab: emulating ${plural(clients, "client")} of ${profile} for their requests ...`)
    const spent = threadCpuSeconds()
    const planned = planRequests(
      scenario,
      KERNEL,
      seed,
      { progress: () => {}, shouldStop: () => false, cpuSeconds: () => threadCpuSeconds() - spent },
      workloads
    )
    const { plan } = planned
    if (plan.atNs.length === 0) {
      return yield* new UsageError({
        message: `load: these clients swap nothing in ${forText}, expected less --ram or a longer --for`
      })
    }
    const bytes = placesIn({ name: "" } as NbdUri, scenario, KERNEL).reduce((sum, place) => sum + place.bytes, 0)
    const nothing = yield* Effect.promise(() => againstNothing(plan, bytes))
    const of: Array<LoadedServer> = []
    for (const uri of servers) {
      if (uri === null) of.push(modelOf(planned))
      else {
        yield* Console.error(`swaplab: ${plan.atNs.length} requests in ${forText} to ${uri.text} ...`)
        const driven = yield* Effect.tryPromise({
          try: () => drivePlan(plan, uri, placesIn(uri, scenario, KERNEL), true),
          catch: (error) => new UsageError({ message: `${uri.text}: ${(error as Error).message}` })
        })
        of.push(loadedOf(uri.text, plan, driven))
      }
    }
    const result: LoadResult = {
      title: `${plural(clients, "client")} of ${profile}, seed ${seed}`,
      clients,
      planned: plan.atNs.length,
      servers: of,
      nullLateness: nothing.late.summary(),
      boundNs: MAX_LATENESS_P999_NS
    }
    yield* Console.log(flags.json ? JSON.stringify(loadJson(result, version)) : renderLoad(result, sheet()).trimEnd())
    const wrong = of.some((at) => at.wrong.length > 0 || at.errors > 0)
    if (wrong) return yield* new ExitWith({ code: EXIT.threshold })
    if (tooLate(result)) return yield* new ExitWith({ code: EXIT.behind })
  })
