// @ts-check
// Plug-ins of Stryker: which code is left alone, who runs the tests, and where each result goes.
import { declareFactoryPlugin, declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin"
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

/** Who is told of each mutant at once; set by the program that starts Stryker, in the same process. */
export const listener = { tested: (/** @type {any} */ _result) => {} }

const reporter = () => ({ onMutantTested: (/** @type {any} */ result) => listener.tested(result) })

export const strykerPlugins = [
  ignorer,
  declareFactoryPlugin(PluginKind.TestRunner, "swaplab", /** @type {any} */ (runnerFactory)),
  declareFactoryPlugin(PluginKind.Reporter, "listener", reporter)
]
