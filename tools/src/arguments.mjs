// @ts-check
// The arguments of `npm test`: which projects, which seed.
import { closest, distance } from "fastest-levenshtein"

/**
 * What is to be tested. `names` are the projects asked for, all of them when it is empty; `seed` replaces the seed of every
 * property test; `also` are checks that somebody else made.
 * @typedef {{ names: ReadonlyArray<string>, seed: number | "fresh" | null, also: ReadonlyArray<{ name: string, passed: boolean }> }} Request
 */

/** fast-check takes whole numbers of 32 bits. */
const SEEDS = 2 ** 31

/**
 * A mistake is a sentence instead of a request.
 * @type {(argv: ReadonlyArray<string>, ci: boolean) => Request | string}
 */
export const parse = (argv, ci) => {
  /** @type {Array<string>} */
  const names = []
  /** @type {Array<{ name: string, passed: boolean }>} */
  const also = []
  /** @type {Request["seed"]} */
  let seed = null
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]
    const [option, attached] = argument.startsWith("--") ? argument.split(/=(.*)/s) : [argument]
    const value = () => attached ?? argv[++i] ?? ""
    switch (option) {
      case "--fresh":
        if (attached !== undefined) return `${argument}: expected --fresh without a value`
        if (seed !== null) return "--fresh and --seed: expected one of the two, once"
        seed = "fresh"
        break
      case "--seed": {
        const text = value()
        if (seed !== null) return "--fresh and --seed: expected one of the two, once"
        if (!/^-?\d+$/.test(text) || Number(text) < -SEEDS || Number(text) >= SEEDS) {
          return `--seed: got ${text === "" ? "nothing" : text}, expected a whole number such as --fresh prints`
        }
        seed = Number(text)
        break
      }
      case "--also": {
        const [, name, outcome] = /^(.*)=(passed|failed)$/.exec(value()) ?? []
        if (name === undefined) return "--also: expected NAME=passed or NAME=failed"
        also.push({ name, passed: outcome === "passed" })
        break
      }
      default:
        if (argument.startsWith("-")) return `${argument}: expected a project, --fresh, --seed N or --also NAME=passed`
        names.push(argument)
    }
  }
  if (ci && seed !== null) return "--fresh and --seed: CI is set, and CI uses the seed that each test names"
  return { names, seed, also }
}

/** @typedef {import("./workspace.mjs").Workspace} Workspace */

const short = (/** @type {Workspace} */ { name }) => name.replace("@swaplab/", "")

/**
 * The projects whose names these are: `lan`, `@swaplab/lan`, `libs/lan` or a pattern such as `nbd*`. A name that none has
 * is a mistake: a sentence instead of projects.
 * @type {(names: ReadonlyArray<string>, all: ReadonlyArray<Workspace>) => ReadonlyArray<Workspace> | string}
 */
export const choose = (names, all) => {
  /** @type {Set<Workspace>} */
  const chosen = new Set()
  for (const name of names) {
    const wanted = name.replace(/\/+$/, "")
    const pattern = new RegExp(`^${wanted.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`)
    const found = all.filter((project) => [short(project), project.name, project.folder].some((it) => pattern.test(it)))
    if (found.length === 0) {
      const known = all.map(short)
      const near = known.filter((it) => wanted !== "" && (it.includes(wanted) || distance(it, wanted) <= 2))
      const nearest = near.length === 0 ? [closest(wanted, known)] : near
      return `${name}: no project has this name, the nearest ${nearest.length === 1 ? "is" : "are"} ${
        nearest.join(", ")
      }`
    }
    for (const project of found) chosen.add(project)
  }
  return all.filter((project) => chosen.has(project))
}
