// Advice about kernels: those that nobody runs, patches and expectations without effect.
import { idlePatches } from "../kernels.ts"
import type { Scenario } from "../scenario.ts"
import { type Advice, isGiven, noEffect } from "./advice.ts"
import { comparisonPath } from "./kernel-rules.ts"

const kernelsOf = ({ kernels }: Scenario): ReadonlyArray<string> => Object.keys(kernels)

/** Whether every group names its kernel, whatever the cell. */
const allFixed = ({ clients }: Scenario): boolean => clients.every(({ kernel }) => kernel !== undefined)

export const KERNEL_ADVICE: ReadonlyArray<Advice> = [
  {
    name: "cells that are the same",
    of: ({ scenario }) =>
      allFixed(scenario) && kernelsOf(scenario).length > 1
        ? [{
          path: ["kernels"],
          text: "every client group names its own kernel, so all cells of the experiment are the same"
        }]
        : []
  },
  {
    name: "kernels that no client uses",
    of: (given) =>
      allFixed(given.scenario)
        ? kernelsOf(given.scenario)
          .filter((name) => given.scenario.clients.every(({ kernel }) => kernel !== name))
          .map((name) => noEffect(given, ["kernels", name], "no client uses this kernel"))
        : []
  },
  {
    name: "patches without effect",
    of: (given) =>
      Object.entries(given.scenario.kernels).flatMap(([name, kernel]) => {
        const groups = given.scenario.clients.filter((group) => (group.kernel ?? name) === name)
        return idlePatches(kernel, groups).map(({ patch, reason, wanted }) => {
          const at = ["kernels", name, "patches", patch]
          return isGiven(given, at)
            ? noEffect(given, at, reason)
            : { path: ["kernels", name, "base"], text: `${wanted ? "+" : "-"} ${patch} has no effect: ${reason}` }
        })
      })
  },
  {
    name: "comparisons of a kernel with itself",
    of: (given) => {
      const { compare } = given.scenario
      if (compare === undefined) return []
      if (kernelsOf(given.scenario).length < 2) return [noEffect(given, ["compare"], "there is one kernel only")]
      return compare.flatMap(({ against, baseline }, i) =>
        baseline === against
          ? [noEffect(given, comparisonPath(given.scenario, i), "it compares a kernel with itself")]
          : []
      )
    }
  },
  {
    name: "a default expectation for nobody",
    of: (given) => {
      const { expect } = given.scenario
      return expect.default !== undefined && kernelsOf(given.scenario).every((name) => expect[name] !== undefined)
        ? [noEffect(given, ["expect", "default"], "every kernel has an expectation of its own")]
        : []
    }
  }
]
