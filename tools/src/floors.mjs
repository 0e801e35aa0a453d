// @ts-check
// The floors of the workspace: the one place that says who may import whom. `npm run generate` writes the dependencies
// of each package.json, the references of each tsconfig and .oxlintrc.json from this table; test/floors.test.ts compares.
//
//   5  apps/*
//   4  experiment   report   view   live
//   3  cluster
//   2  kernel       workload
//   1  vmscan  swap  blk  nbd-driver  net-skb  tcp  lan  slab  slub  page-alloc  kmem  server-model
//   0  sim  nbd  command  config  stats  formats
//
// An import points down. Sideways it is allowed only where a row below says so.
import { existsSync } from "node:fs"
import { join } from "node:path"
import { read, root } from "./workspace.mjs"

/**
 * A lib or an app: the package @swaplab/<name> in its folder, and the names of the projects that it may import.
 * @typedef {{ name: string, folder: string, floor: number, imports: ReadonlyArray<string> }} Project
 */

/** @type {ReadonlyArray<readonly [name: string, imports: ReadonlyArray<string>]>} */
const floor1 = [
  ["page-alloc", ["sim"]],
  ["kmem", ["sim", "page-alloc"]],
  ["slab", ["sim", "page-alloc", "kmem"]],
  ["slub", ["sim", "page-alloc", "kmem"]],
  ["vmscan", ["sim", "page-alloc"]],
  ["blk", ["sim", "page-alloc"]],
  ["swap", ["sim", "page-alloc", "blk"]],
  ["net-skb", ["sim", "page-alloc", "kmem"]],
  ["tcp", ["sim", "page-alloc", "net-skb"]],
  ["lan", ["sim"]],
  ["nbd-driver", ["sim", "nbd", "page-alloc", "blk"]],
  ["server-model", ["sim", "nbd", "page-alloc", "net-skb", "tcp"]]
]
const subsystems = floor1.map(([name]) => name)

/** The floor of the apps. */
const APPS = 5

/** @type {(name: string, floor: number, imports: ReadonlyArray<string>) => Project} */
const lib = (name, floor, imports) => ({ name, folder: `libs/${name}`, floor, imports })
/** @type {(name: string, imports: ReadonlyArray<string>) => Project} */
const app = (name, imports) => ({ name, folder: `apps/${name}`, floor: APPS, imports })

/** All libs and apps, from the bottom up. @type {ReadonlyArray<Project>} */
export const projects = [
  lib("sim", 0, []),
  lib("nbd", 0, []),
  lib("command", 0, []),
  lib("config", 0, []),
  lib("stats", 0, []),
  lib("formats", 0, []),
  ...floor1.map(([name, imports]) => lib(name, 1, imports)),
  lib("kernel", 2, ["sim", ...subsystems.filter((name) => !["lan", "server-model", "tcp"].includes(name))]),
  lib("workload", 2, ["sim", "config", "page-alloc", "net-skb", "tcp", "kernel"]),
  lib("cluster", 3, [
    "sim",
    "config",
    "stats",
    "formats",
    "nbd",
    "blk",
    "kernel",
    "workload",
    ...subsystems.filter((name) => !["blk", "swap", "vmscan"].includes(name))
  ]),
  lib("experiment", 4, [
    "sim",
    "config",
    "formats",
    "page-alloc",
    "net-skb",
    "tcp",
    "server-model",
    "kernel",
    "workload",
    "cluster"
  ]),
  lib("report", 4, ["sim", "config", "formats", "cluster", "experiment"]),
  lib("view", 4, ["cluster", "report"]),
  lib("live", 4, ["config", "cluster"]),
  app("swaplab", [
    "sim",
    "nbd",
    "command",
    "config",
    "server-model",
    "cluster",
    "experiment",
    "report",
    "view",
    "live"
  ]),
  app("nbd-server", ["command", "config", "formats", "nbd", "stats"]),
  app("dashboard", ["config", "cluster", "experiment", "view", "live"])
]

/** Edges on one floor, allowed one by one; every other import points to a lower floor. */
export const sideways = [
  "kmem → page-alloc",
  "slab → page-alloc",
  "slab → kmem",
  "slub → page-alloc",
  "slub → kmem",
  "vmscan → page-alloc",
  "blk → page-alloc",
  "swap → page-alloc",
  "swap → blk",
  "net-skb → page-alloc",
  "net-skb → kmem",
  "tcp → page-alloc",
  "tcp → net-skb",
  "nbd-driver → page-alloc",
  "nbd-driver → blk",
  "server-model → page-alloc",
  "server-model → net-skb",
  "server-model → tcp",
  "workload → kernel",
  "report → experiment",
  "view → report"
]

export const packageOf = (/** @type {string} */ name) => `@swaplab/${name}`

/** The @swaplab part of a package.json's dependencies. */
export const dependenciesOf = (/** @type {Project} */ project) =>
  Object.fromEntries(project.imports.map(packageOf).sort().map((name) => [name, "*"]))

/** Folders of an app that only some apps have: pages of the manual, units of systemd. */
const OF_SOME_APPS = ["man", "systemd"]

/**
 * What every packed package says of itself. Licence and changes come from the root when it is packed. An app is its bundle,
 * which has everything in it.
 */
export const published = (/** @type {Project} */ { floor, folder }) => ({
  license: "MIT",
  repository: { ...JSON.parse(read("package.json")).repository, directory: folder },
  files: floor === APPS
    ? [
      "bin",
      "bundle",
      ...OF_SOME_APPS.filter((name) => existsSync(join(root, folder, name))),
      "README.md",
      "CHANGELOG.md"
    ]
    : ["dist", "src", "README.md", "CHANGELOG.md"],
  engines: { node: ">=20.19" }
})

/**
 * The names by which the tests of a lib reach a file of its sources that the contents page leaves out:
 * `#src/timer.ts`. A relative path would not do: TypeScript cannot rewrite it, because sources and tests are built into
 * different folders.
 */
export const sourcesOf = (/** @type {Project} */ { folder }) =>
  folder.startsWith("libs/")
    ? {
      imports: {
        "#src/*.ts": { "@swaplab/source": "./src/*.ts", "types": "./dist/*.d.ts", "import": "./dist/*.js" }
      }
    }
    : {}

/** References of tsconfig.lib.json, or of tsconfig.spec.json, in the order of the floors. */
export const referencesOf = (/** @type {Project} */ project, /** @type {"lib" | "spec"} */ kind) => [
  ...(kind === "spec" ? [{ path: "./tsconfig.lib.json" }] : []),
  ...projects.filter(({ name }) => project.imports.includes(name)).map(({ folder }) => ({
    path: `../../${folder}/tsconfig.lib.json`
  }))
]

/** What libs export besides their contents page, by lib. @type {Readonly<Record<string, ReadonlyArray<string>>>} */
const subpaths = { nbd: ["wire"] }

const subpathsFor = (/** @type {Project} */ project) =>
  project.imports.flatMap((name) => (subpaths[name] ?? []).map((path) => `${packageOf(name)}/${path}`))

/** The rule of .oxlintrc.json that keeps one project from importing what it may not. */
const boundaryOf = (/** @type {Project} */ project) => {
  const forbidden = projects.map(({ name }) => name).filter((name) =>
    name !== project.name && !project.imports.includes(name)
  )
  return {
    files: [`${project.folder}/**`],
    rules: {
      "no-restricted-imports": ["error", {
        patterns: [
          {
            group: forbidden.flatMap((name) => [packageOf(name), `${packageOf(name)}/**`]),
            message: `${project.name} may import ${
              project.imports.length === 0 ? "no other lib" : project.imports.join(", ")
            } (tools/src/floors.mjs)`
          },
          {
            group: ["@swaplab/*/**", ...subpathsFor(project).map((path) => `!${path}`), "**/libs/**", "**/apps/**"],
            message: "import a lib by its name, never a file inside it"
          }
        ]
      }]
    }
  }
}

/** Functions of Math whose last bits the language leaves to the engine; sqrt is rounded as IEEE 754 says. */
const OF_THE_HOST =
  "acos acosh asin asinh atan atan2 atanh cbrt cos cosh exp expm1 hypot log log10 log1p log2 pow sin sinh tan tanh"
    .split(" ")

/** A run is the same in every engine: libs take log and exp from sim, or integers, and no chance or time of the host. */
const sameEverywhere = {
  files: ["libs/*/src/**"],
  rules: {
    "no-restricted-properties": [
      "error",
      ...[...OF_THE_HOST, "random"].map((property) => ({
        object: "Math",
        property,
        message: "differs between engines: log and exp of @swaplab/sim, or integer arithmetic (tools/src/floors.mjs)"
      }))
    ]
  }
}

/** The whole .oxlintrc.json. */
export const oxlintConfig = () => ({
  plugins: ["typescript", "import", "oxc", "unicorn"],
  categories: { correctness: "error" },
  rules: {
    "eslint/require-yield": "off",
    "unicorn/no-thenable": "off",
    "typescript/no-explicit-any": "error",
    "typescript/ban-ts-comment": "error",
    // types may refer to each other; values may not, because then the order of loading decides what is defined
    "import/no-cycle": ["error", { ignoreTypes: true }]
  },
  overrides: [...projects.map(boundaryOf), sameEverywhere],
  ignorePatterns: ["**/dist", "**/out-tsc", "**/.cache"]
})

/** References of the root's tsconfig.json. */
export const rootReferences = () => [
  ...projects.map(({ folder }) => ({ path: `./${folder}` })),
  { path: "./tools" },
  { path: "./e2e" },
  { path: "./e2e/nbd-server" }
]
