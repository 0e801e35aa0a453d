// Runs the built swaplab against a real server.
import { join } from "node:path"
import { execute, fileWith, root } from "./server.ts"

/** What a run says of the server, as far as tests look at it. */
export interface GatewayRun {
  readonly fingerprint: string
  readonly outcome: string
  readonly clients: ReadonlyArray<{ readonly name: string; readonly boots: number; readonly integrityErrors: number }>
  readonly laws: ReadonlyArray<{ readonly holds: boolean }>
  readonly faults: ReadonlyArray<{
    readonly what: string
    readonly effects: ReadonlyArray<{ readonly count: number }>
  }>
  readonly gateway: {
    readonly reads: number
    readonly writes: number
    readonly errors: number
    readonly connectionsOpened: number
    readonly connectionsLost: number
    readonly lies: Readonly<Record<string, number>>
    readonly losses: ReadonlyArray<{ readonly why: string; readonly broken: boolean }>
    readonly lostPages: number
    readonly finalPass: {
      readonly pages: number
      readonly wrong: ReadonlyArray<unknown>
      readonly ended: string | null
    }
  }
}

const main = join(root, "apps/swaplab/bin/swaplab.mjs")

/** `swaplab …`. */
export const swaplab = (...args: ReadonlyArray<string>) => execute(process.execPath, [main, ...args])

/** A scenario of one small client that swaps some MiB out and in, with what it does when it loses its server. */
export const small = (whenLost: string, clients = 1): string =>
  fileWith(`
name: small
duration: 10 min
seeds: 1
kernels: { slab-series: { allocator: slab, base: v3.6 } }
clients:
  - name: client
    count: ${clients}
    ram: 16 MiB
    swap: 48 MiB
    nbd: { whenLost: ${whenLost}, rebootTime: 1 s, deadTimeout: 5 min }
    workload: { usemem: { processesPerCpu: 1, size: 20 MiB, passes: 2 } }
`)

/** Runs a scenario against the server and returns its one run. A host that was too slow to be judged is no failure here. */
export const runAgainst = async (
  scenario: string,
  server: string,
  ...more: ReadonlyArray<string>
): Promise<{ readonly code: number | null; readonly run: GatewayRun; readonly stderr: string }> => {
  const { code, stderr, stdout } = await swaplab("run", scenario, "--server", server, "--json", ...more)
  if (stdout === "") throw new Error(`swaplab said nothing: ${code} ${stderr}`)
  const { runs: [run] } = JSON.parse(stdout) as { readonly runs: ReadonlyArray<GatewayRun> }
  if (run === undefined) throw new Error(`swaplab made no run: ${code} ${stderr}`)
  return { code, run, stderr }
}
