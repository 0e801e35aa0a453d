// @ts-check
// One-line changes of the kernel model, the switch and the server model, as Stryker makes them, in an order that a seed draws.
import { Instrumenter } from "@stryker-mutator/instrumenter"
import { describeMutants, draw, LEFT_OUT } from "../mutants.mjs"
import { ignorer } from "../mutation-plugin.mjs"
import { files, read } from "../workspace.mjs"

/** @typedef {import("../mutants.mjs").Mutant} Mutant */

/** What bugs are planted in: the kernel model, the switch with its cables, and the server model. */
const PLANTED_LIBS = [
  "page-alloc",
  "kmem",
  "slab",
  "slub",
  "vmscan",
  "swap",
  "blk",
  "nbd-driver",
  "net-skb",
  "tcp",
  "kernel",
  "lan",
  "server-model"
]

/** Every mutant of a lib, assertions and checks of invariants left alone. @type {(lib: string) => Promise<ReadonlyArray<Mutant>>} */
export const mutantsOf = async (lib) => {
  const silent = /** @type {any} */ (new Proxy({}, { get: () => () => false }))
  const { mutants } = await new Instrumenter(silent).instrument(
    files(`libs/${lib}/src`).filter((path) => path.endsWith(".ts") && !path.endsWith("/check.ts"))
      .map((name) => ({ name, mutate: true, content: read(name) })),
    { excludedMutations: LEFT_OUT, plugins: null, noHeader: false, ignorers: [ignorer.value] }
  )
  const kept = mutants.filter(({ status }) => status !== "Ignored")
  return describeMutants(lib, kept, (file) => read(`libs/${lib}/${file}`))
}

/** Mutants that stand in one line and stay in one. @type {(mutant: Mutant) => boolean} */
export const isOneLine = ({ original, replacement }) => !original.includes("\n") && !replacement.includes("\n")

/** All of them in the order of a seed. @type {(seed: number) => Promise<ReadonlyArray<Mutant>>} */
export const candidates = async (seed) => {
  const all = (await Promise.all(PLANTED_LIBS.map(mutantsOf))).flat().filter(isOneLine)
  return draw(all, all.length, seed)
}
