// Goes through the beginning of a run before it counts, so that the engine has compiled what the run needs; else the run begins
// late. The real server is not touched: another one stands in this process, which keeps what it is given and answers at once. Time in
// which nothing happens is left out.
//
// It is done several times, with other machines each time. V8 compiles for the functions and shapes of objects that it has seen: what
// was compiled with one cluster is thrown away when the second one comes, and then holds for all.
import { ClusterRun, type ClusterRunOptions, type Scenario } from "@swaplab/cluster"
import {
  type ByteStore,
  getU32,
  NbdError,
  putTokenBlock,
  putU32,
  TOKEN_BLOCK,
  TOKEN_BYTES,
  TokenStore
} from "@swaplab/nbd"
import { threadCpuSeconds } from "../cpu-time.ts"
import { serveStore } from "../load/null-server.ts"
import type { NbdUri } from "./nbd-uri.ts"
import { paced, RunClock } from "./pace.ts"
import { placesOf, RealServer } from "./real-server.ts"
import { swapOf } from "./swap-of.ts"

/** Clusters, and CPU time for each. */
const TIMES = 4
const CPU_SECONDS = 0.6

/** Keeps the token of each page. */
class TokenPages implements ByteStore {
  readonly #tokens: TokenStore
  readonly #one = new Uint8Array(TOKEN_BYTES)

  constructor(bytes: number) {
    this.#tokens = new TokenStore(bytes / TOKEN_BLOCK)
  }

  read(offset: number, length: number, into: Uint8Array): number {
    const one = this.#one
    for (let at = 0; at < length; at += TOKEN_BLOCK) {
      this.#tokens.read((offset + at) / TOKEN_BLOCK, 1, one)
      putTokenBlock(into, at, getU32(one, 0), getU32(one, 4))
    }
    return NbdError.Ok
  }

  write(offset: number, length: number, from: Uint8Array): number {
    const one = this.#one
    for (let at = 0; at < length; at += TOKEN_BLOCK) {
      putU32(one, 0, getU32(from, at))
      putU32(one, 4, getU32(from, at + 4))
      this.#tokens.write((offset + at) / TOKEN_BLOCK, 1, one)
    }
    return NbdError.Ok
  }

  flush(): number {
    return NbdError.Ok
  }

  trim(offset: number, length: number): number {
    return this.writeZeroes(offset, length)
  }

  writeZeroes(offset: number, length: number): number {
    this.#tokens.zero(offset / TOKEN_BLOCK, length / TOKEN_BLOCK)
    return NbdError.Ok
  }

  cache(): number {
    return NbdError.Ok
  }
}

const beginning = async (
  scenario: Scenario,
  kernel: string,
  seed: number,
  options: ClusterRunOptions,
  stop: () => boolean
): Promise<void> => {
  const swap = swapOf(scenario, kernel)
  const bytes = swap.reduce((sum, of) => sum + of.bytes, 0)
  const { port, server: listening } = await serveStore(bytes, new TokenPages(bytes))
  const text = `nbd://127.0.0.1:${port}/`
  const uri: NbdUri = { text, tls: false, place: { host: "127.0.0.1", port }, name: "", certificates: null }
  const clock = new RunClock()
  let heard = (): void => {}
  const server = new RealServer(uri, placesOf(uri, swap), clock.now, (answer) => {
    run.gateway.take(answer)
    heard()
  })
  const run = new ClusterRun(scenario, kernel, seed, { ...options, remote: server })
  try {
    await paced(run, server, { progress: () => {}, shouldStop: stop }, clock, true, (soon) => (heard = soon))
  } finally {
    heard = () => {}
    server.end()
    listening.close()
  }
}

/** Runs the beginning of the scenario some times, and throws it away. */
export const warmUp = async (
  scenario: Scenario,
  kernel: string,
  seed: number,
  options: ClusterRunOptions
): Promise<void> => {
  for (let time = 0; time < TIMES; time++) {
    const end = threadCpuSeconds() + CPU_SECONDS
    await beginning(scenario, kernel, seed, options, () => threadCpuSeconds() > end)
  }
}
