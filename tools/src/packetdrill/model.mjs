// @ts-check
// The libs that a script runs on, as they were built: tools have no dependency on libs that would order the build.
import { pathToFileURL } from "node:url"
import { root } from "../workspace.mjs"

/**
 * Loads them. Their types are not known here (a tool is checked before the libs are built), so that they are taken as they are.
 * @returns {Promise<any>}
 */
const load = async () => {
  const lib = (/** @type {string} */ path) => import(pathToFileURL(`${root}/libs/${path}`).href)
  const { Effect } = await import("effect")
  return {
    Effect,
    ...await lib("tcp/dist/constants.js"),
    ...await lib("sim/dist/index.js"),
    ...await lib("net-skb/dist/index.js"),
    ...await lib("tcp/dist/index.js"),
    ...await lib("tcp/dist/keepalive.js"),
    ...await lib("tcp/dist/output.js")
  }
}

/** @typedef {any} Model */

/** The model, loaded once. @type {() => Promise<Model>} */
export const model = (() => {
  /** @type {Promise<Model> | null} */
  let loaded = null
  return () => loaded ??= load()
})()
