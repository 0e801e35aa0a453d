// @ts-check
// A test runner for Stryker. All tests of a lib and all that they import are one module, which stays loaded: a mutant is
// switched on, and the tests that reach it run, quick ones first, until one fails. A test that then fails without the mutant
// too, shows that this mutant or an earlier one has left something behind: the module is loaded anew and the mutant tried
// again.
import { commonTokens, tokens } from "@stryker-mutator/api/plugin"
import { DryRunStatus, MutantRunStatus, TestStatus } from "@stryker-mutator/api/test-runner"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { cwd } from "node:process"
import { pathToFileURL } from "node:url"
import { build } from "vite"
import { changeKey, rangeOf } from "./mutants.mjs"

const globals = /** @type {any} */ (globalThis)
/** What instrumented code looks at. */
const stryker = globals.__stryker__ ??= {}

/** Tests that read files find them from where they are themselves. @type {import("vite").Plugin} */
const ownPaths = {
  name: "own paths",
  transform: (code, id) =>
    code.includes("import.meta.url") ? code.replaceAll("import.meta.url", `"${pathToFileURL(id)}"`) : null
}

/** Makes the module of Stryker's copy of the lib, which is the current folder. */
const bundle = async () => {
  const folder = cwd()
  const tests = readdirSync(`${folder}/test`).filter((name) => name.endsWith(".test.ts")).sort()
  writeFileSync(`${folder}/test/all.ts`, tests.map((name) => `import "./${name}"\n`).join(""))
  /** @type {{ name: string, exports: Record<string, string | Record<string, string>> }} */
  const { exports, name } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"))
  // the lib's own name stands for the copy that Stryker has changed
  const own = Object.entries(exports).flatMap(([path, target]) =>
    typeof target === "string"
      ? []
      : [{ find: new RegExp(`^${name}${path.slice(1)}$`), replacement: `${folder}/${target["@swaplab/source"]}` }]
  )
  const shim = new URL("mutation-tests.mjs", import.meta.url).pathname
  await build({
    configFile: false,
    logLevel: "error",
    root: folder,
    plugins: [ownPaths],
    resolve: { alias: [...own, { find: /^vitest$/, replacement: shim }], conditions: ["@swaplab/source"] },
    ssr: {
      noExternal: true,
      external: ["@vitest/expect", "chai"],
      target: "node",
      resolve: { conditions: ["@swaplab/source"] }
    },
    build: {
      ssr: "test/all.ts",
      outDir: "bundled",
      target: "node20",
      minify: false,
      reportCompressedSize: false,
      rollupOptions: {
        // a lib's package.json says that its modules do nothing when they are loaded; its tests register themselves
        treeshake: false,
        output: { format: "es", entryFileNames: "all.mjs", inlineDynamicImports: true }
      }
    }
  })
  return `${pathToFileURL(folder)}/bundled/all.mjs`
}

const messageOf = (/** @type {unknown} */ error) => error instanceof Error ? error.message : String(error)

class Runner {
  /** The changes that are wanted. Stryker makes every change of a place and of what is within it. @type {ReadonlySet<string>} */
  #drawn
  #url = ""
  #loads = 0
  /** The modules are loaded, without a mutant; and no mutant was active since. */
  #loaded = false
  #fresh = false
  /** @type {Array<{ id: string, name: string, run: () => unknown }>} */
  #tests = []
  /** How long each test takes without a mutant. @type {Map<string, number>} */
  #times = new Map()

  /** @param {any} options */
  constructor({ swaplab }) {
    this.#drawn = new Set(swaplab.drawn)
  }

  capabilities() {
    return { reloadEnvironment: true }
  }

  async init() {
    this.#url = await bundle()
  }

  /** Loads the module anew, with the tests in it. */
  async #load() {
    this.#tests = globals.__swaplabTests = []
    await import(`${this.#url}?${++this.#loads}`)
    this.#loaded = this.#fresh = true
  }

  async dryRun() {
    stryker.activeMutant = undefined
    stryker.mutantCoverage = { static: {}, perTest: {} }
    await this.#load()
    const tests = []
    for (const { id, name, run } of this.#tests) {
      stryker.currentTestId = id
      const start = performance.now()
      try {
        await run()
      } catch (error) {
        return { status: DryRunStatus.Error, errorMessage: `${name}: ${messageOf(error)}` }
      }
      const timeSpentMs = performance.now() - start
      this.#times.set(id, timeSpentMs)
      tests.push({ id, name, status: TestStatus.Success, timeSpentMs })
    }
    stryker.currentTestId = undefined
    return { status: DryRunStatus.Complete, tests, mutantCoverage: stryker.mutantCoverage }
  }

  /**
   * @param {import("@stryker-mutator/api/test-runner").MutantRunOptions} options
   * @returns {Promise<import("@stryker-mutator/api/test-runner").MutantRunResult>}
   */
  async mutantRun(options) {
    const { activeMutant, hitLimit = Infinity, mutantActivation, testFilter } = options
    const mutant = activeMutant.id
    if (!this.#drawn.has(changeKey(rangeOf(activeMutant), activeMutant.replacement))) {
      return { status: MutantRunStatus.Survived, nrOfTests: 0 }
    }
    const isStatic = mutantActivation === "static"
    Object.assign(stryker, { hitCount: 0, hitLimit, activeMutant: isStatic ? mutant : undefined })
    if (isStatic || !this.#loaded) {
      try {
        await this.#load()
      } catch (error) {
        return { status: MutantRunStatus.Killed, killedBy: [], failureMessage: messageOf(error), nrOfTests: 0 }
      }
    }
    // a module that was loaded with a mutant is of no use to others
    if (isStatic) this.#loaded = false
    const tests = this.#tests.filter(({ id }) => testFilter === undefined || testFilter.includes(id))
      .sort((a, b) => (this.#times.get(a.id) ?? 0) - (this.#times.get(b.id) ?? 0))
    const wasFresh = this.#fresh
    this.#fresh = false
    for (const test of tests) {
      const failure = await this.#attempt(test, mutant)
      if (stryker.hitCount > hitLimit) return { status: MutantRunStatus.Timeout, reason: "hit limit" }
      if (failure === null) continue
      if (!wasFresh && await this.#attempt(test, undefined) !== null) {
        this.#loaded = false
        return this.mutantRun(options)
      }
      return { status: MutantRunStatus.Killed, killedBy: [test.id], failureMessage: failure, nrOfTests: tests.length }
    }
    return { status: MutantRunStatus.Survived, nrOfTests: tests.length }
  }

  /** Why the test fails with the mutant, or null. */
  async #attempt(
    /** @type {{ id: string, run: () => unknown }} */ { id, run },
    /** @type {string | undefined} */ mutant
  ) {
    stryker.activeMutant = mutant
    const start = performance.now()
    try {
      await run()
      this.#times.set(id, performance.now() - start)
      return null
    } catch (error) {
      return messageOf(error)
    } finally {
      stryker.activeMutant = undefined
    }
  }
}

/** @param {any} options */
export const runnerFactory = (options) => new Runner(options)
runnerFactory.inject = tokens(commonTokens.options)
