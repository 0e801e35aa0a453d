// @ts-check
// Plug-ins of Stryker: which code is left alone, which mutants are run, and where each result goes.
import { CheckStatus } from "@stryker-mutator/api/check"
import {
  commonTokens,
  declareClassPlugin,
  declareFactoryPlugin,
  declareValuePlugin,
  PluginKind,
  tokens
} from "@stryker-mutator/api/plugin"
import { changeKey, rangeOf } from "./mutants.mjs"
import { runnerFactory } from "./mutation-runner.mjs"

const NAMES = new Set(["assert", "checkInvariants"])

/** Why a node is left alone, or undefined. @param {any} path */
const shouldIgnore = (path) => {
  if (path.isCallExpression()) {
    const { callee } = path.node
    if (callee.type === "Identifier" && NAMES.has(callee.name)) return "an assertion"
  }
  if (path.isClassMethod() && path.node.key.type === "Identifier" && path.node.key.name === "checkInvariants") {
    return "a check of invariants"
  }
  return undefined
}

/** Leaves assertions and checks of invariants alone: they watch rules. */
export const ignorer = declareValuePlugin(PluginKind.Ignore, "swaplab", { shouldIgnore })

/** Runs the mutants that were drawn. Stryker is given places, and makes every mutant of a place and of what is within it. */
class DrawnOnly {
  static inject = tokens(commonTokens.options)

  /** @type {ReadonlySet<string>} */
  #drawn

  /** @param {any} options */
  constructor({ swaplab }) {
    this.#drawn = new Set(swaplab.drawn)
  }

  async init() {}

  /** @param {ReadonlyArray<any>} mutants */
  async check(mutants) {
    return Object.fromEntries(mutants.map((mutant) => [
      mutant.id,
      this.#drawn.has(changeKey(rangeOf(mutant), mutant.replacement))
        ? { status: CheckStatus.Passed }
        : { status: CheckStatus.CompileError, reason: "not drawn" }
    ]))
  }
}

/** Who is told of each mutant at once; set by the program that starts Stryker, in the same process. */
export const listener = { tested: (/** @type {any} */ _result) => {} }

const reporter = () => ({ onMutantTested: (/** @type {any} */ result) => listener.tested(result) })

export const strykerPlugins = [
  ignorer,
  declareClassPlugin(PluginKind.Checker, "drawn", /** @type {any} */ (DrawnOnly)),
  declareFactoryPlugin(PluginKind.TestRunner, "swaplab", /** @type {any} */ (runnerFactory)),
  declareFactoryPlugin(PluginKind.Reporter, "listener", reporter)
]
