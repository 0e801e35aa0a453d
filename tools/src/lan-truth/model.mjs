// @ts-check
// A cell on the side of the model: the same LAN, TCP and NBD of the emulator's own libs, in virtual time. The clients and the
// server are tasks whose CPUs need no time; what is compared is the network.
import { pathToFileURL } from "node:url"
import { root } from "../workspace.mjs"
import { figuresOf } from "./figures.mjs"
import { NbdPeer } from "./model-client.mjs"
import { ModelLan } from "./model-lan.mjs"
import { serve } from "./model-server.mjs"
import { STACKS, WARM_UP_S } from "./settings.mjs"

/**
 * The libs, as they were built. Their types are not known here: tools are checked before the libs are built.
 * @typedef {any} Libs
 */

/** @returns {Promise<Libs>} */
const load = async () => {
  const lib = (/** @type {string} */ name) => import(pathToFileURL(`${root}/libs/${name}/dist/index.js`).href)
  return { ...await lib("sim"), ...await lib("lan"), ...await lib("net-skb"), ...await lib("tcp"), ...await lib("nbd") }
}

/** Loaded once. @type {() => Promise<Libs>} */
export const libsOfModel = (() => {
  /** @type {Promise<Libs> | null} */
  let loaded = null
  return () => loaded ??= load()
})()

/** Ticks of the machines a second, as on the real side. */
const HZ = 250
/** When the clients begin: all connections stand by then. */
const START_NS = 0.5e9

/** One repeat of a cell. @type {(libs: Libs, cell: import("./grid.mjs").Cell, seed: number, seconds: number) => import("./results.mjs").ModelRepeat} */
export const runModel = (libs, cell, seed, seconds) => {
  const lan = new ModelLan(libs, cell, STACKS[cell.stack].model, seed, HZ)
  const from = START_NS + WARM_UP_S * 1e9
  const to = from + seconds * 1e9
  const completed = lan.clients.map(() => 0)
  /** @type {Array<number>} */
  const latenciesMs = []
  /** @type {(client: number, issuedAt: number) => void} */
  const done = (client, issuedAt) => {
    const { now } = lan.sim
    if (now < from || now >= to) return
    completed[client]++
    latenciesMs.push((now - issuedAt) / 1e6)
  }
  serve(libs, lan, cell)
  for (const client of lan.clients) new NbdPeer(libs, lan, client, cell, seed, START_NS, done).start()
  lan.run(from)
  const before = lan.counted()
  lan.run(to)
  const after = lan.counted()
  lan.check()
  return {
    figures: figuresOf({
      seconds,
      bytesPerRequest: cell.sizeKiB * 1024,
      completed,
      latenciesMs,
      timeouts: after.timeouts - before.timeouts,
      retransmitted: after.retransmitted - before.retransmitted
    }),
    drops: lan.drops()
  }
}

/** Sysctls of the comparison that the model does not have. @type {(libs: Libs) => ReadonlyArray<string>} */
export const absentInModel = (libs) =>
  [...new Set(Object.values(STACKS).flatMap(({ model }) => Object.keys(model)))].filter((key) =>
    !(key in libs.NET_SYSCTLS)
  )
