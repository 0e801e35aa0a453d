// @ts-check
// What tests of a lib import as "vitest" while mutants are tested: describe, it and expect, which only collect. The runner
// (mutation-runner.mjs) calls the tests one by one, in modules that stay loaded.
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState
} from "@vitest/expect"
import * as chai from "chai"

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)
const globals = /** @type {any} */ (globalThis)

/** vitest's expect without what needs its workers: snapshots, polling, soft failures. */
export const expect =
  /** @type {any} */ ((/** @type {any} */ value, /** @type {string} */ message) => chai.expect(value, message))
Object.assign(expect, chai.expect, globals[ASYMMETRIC_MATCHERS_OBJECT])
globals[GLOBAL_EXPECT] = expect
setState({ assertionCalls: 0, isExpectingAssertions: false }, expect)

/** @type {Array<{ id: string, name: string, run: () => unknown }>} */
const collected = globals.__swaplabTests ??= []
/** @type {ReadonlyArray<string>} */
let path = []

const add = (/** @type {string} */ name, /** @type {() => unknown} */ run) => {
  const full = [...path, name].join(" > ")
  collected.push({ id: `${collected.length} ${full}`, name: full, run })
}

const enter = (/** @type {string} */ name, /** @type {() => void} */ body) => {
  const outer = path
  path = [...path, name]
  body()
  path = outer
}

/** it.each and describe.each: a row that is an array is a list of arguments. */
const each =
  (/** @type {(name: string, body: () => any) => void} */ declare) =>
  (/** @type {ReadonlyArray<any>} */ rows) =>
  (/** @type {string} */ name, /** @type {(...row: any) => unknown} */ body) =>
    rows.forEach((row, i) => declare(`${name} #${i}`, () => Array.isArray(row) ? body(...row) : body(row)))

export const it = Object.assign(add, { each: each(add) })
export const describe = Object.assign(enter, { each: each(enter) })
