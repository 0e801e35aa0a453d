// @ts-check
// What being looked at costs a run: CPU time of the thread that makes it, with two viewers and without, in pairs of runs at the same
// time: what else the machine does takes from both alike. `node tools/serving.mjs [FILE [PAIRS]]`, after npm run build and npm run
// page. Prints the ratio of each pair, and of all figures the median.
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as RpcClient from "@effect/rpc/RpcClient"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import { LiveRpcs } from "@swaplab/live"
import { Effect, Layer, Stream } from "effect"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { median } from "./src/statistics.mjs"
import { root } from "./src/workspace.mjs"

const [file = "scenarios/seed-2012.yaml", rounds = "7"] = process.argv.slice(2)
const bin = join(root, "apps/swaplab/bin/swaplab.mjs")

/** A viewer; returns when the command has ended. @type {(url: string) => Promise<number>} */
const look = (url) =>
  Effect.gen(function*() {
    const client = yield* RpcClient.make(LiveRpcs)
    let updates = 0
    yield* client.watch({ run: "", afterNs: -1, client: null }).pipe(
      Stream.runForEach(() => Effect.sync(() => updates++)),
      Effect.catchAllCause(() => Effect.void)
    )
    return updates
  }).pipe(
    Effect.provide(
      RpcClient.layerProtocolSocket().pipe(
        Layer.provide(NodeSocket.layerWebSocket(url.replace("http", "ws").concat("live"))),
        Layer.provide(RpcSerialization.layerMsgPack)
      )
    ),
    Effect.scoped,
    Effect.runPromise
  )

/**
 * Seconds of CPU of the threads that made the runs, and how many updates the viewers have seen.
 * @type {(watched: boolean) => Promise<{ seconds: number, updates: number }>}
 */
const measure = (watched) =>
  new Promise((resolve) => {
    const how = watched ? ["--watch", "--port", "0"] : ["--workers", "1"]
    const child = spawn(process.execPath, [bin, "run", file, "--json", ...how], { stdio: ["ignore", "pipe", "pipe"] })
    let stdout = ""
    let stderr = ""
    /** @type {Array<Promise<number>>} */
    const viewers = []
    child.stdout.on("data", (text) => (stdout += text.toString()))
    child.stderr.on("data", (text) => {
      stderr += text.toString()
      const [url] = /http:\/\/\S+\//.exec(stderr) ?? []
      if (url !== undefined && viewers.length === 0) viewers.push(look(url), look(url))
    })
    child.on("close", () => {
      /** @type {{ runs: ReadonlyArray<{ cpuSeconds: number }> }} */
      const { runs } = JSON.parse(stdout)
      const seconds = runs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0)
      void Promise.all(viewers).then((seen) => resolve({ seconds, updates: seen.reduce((sum, n) => sum + n, 0) }))
    })
  })

/** @type {Array<{ seconds: number, watchedSeconds: number, updates: number, ratio: number }>} */
const pairs = []
for (let round = 0; round < Number(rounds); round++) {
  const [{ seconds }, watched] = await Promise.all([measure(false), measure(true)])
  pairs.push({
    seconds,
    watchedSeconds: watched.seconds,
    updates: watched.updates,
    ratio: watched.seconds / seconds
  })
}
const middle = (/** @type {"seconds" | "watchedSeconds" | "updates" | "ratio"} */ figure) =>
  Math.round(median(pairs.map((pair) => pair[figure])) * 1000) / 1000
console.log(JSON.stringify({
  bench: "serving",
  file,
  cpuSeconds: middle("seconds"),
  cpuSecondsWithViewers: middle("watchedSeconds"),
  updates: middle("updates"),
  ratios: pairs.map(({ ratio }) => Math.round(ratio * 1000) / 1000),
  ratio: middle("ratio")
}))
