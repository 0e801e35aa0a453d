// Rules about kernels and the places that name one.
import { didYouMean, type Finding, mismatch, parsePath, type Path, quoteValue, type Rule } from "@swaplab/config"
import { KERNEL_NAME } from "../fields.ts"
import type { Scenario } from "../scenario.ts"

/** A place that names a kernel. */
interface Reference {
  readonly name: string
  readonly path: Path
}

/** A rule that each place of a kind names a kernel of the scenario. */
const namesKernels = (what: string, of: (scenario: Scenario) => ReadonlyArray<Reference>): Rule<Scenario> => ({
  name: `${what} names a kernel`,
  broken: (scenario) => {
    const kernels = Object.keys(scenario.kernels)
    return of(scenario).filter(({ name }) => !kernels.includes(name)).map(({ name, path }): Finding => {
      const near = didYouMean(name, kernels)
      const expected = `a kernel of this scenario${near === "" ? `: ${kernels.join(", ")}` : near.replace(",", ":")}`
      return { path, text: mismatch(quoteValue(name), expected) }
    })
  }
})

/** Where the comparison with index `i` stands: a single one may stand without a list. */
export const comparisonPath = (scenario: Scenario, i: number): Path =>
  scenario.compare?.length === 1 ? ["compare"] : ["compare", i]

export const KERNEL_RULES: ReadonlyArray<Rule<Scenario>> = [
  {
    name: "there is a kernel",
    broken: ({ kernels }) =>
      Object.keys(kernels).length > 0 ? [] : [{ path: ["kernels"], text: mismatch("{}", "at least one kernel") }]
  },
  {
    name: "a kernel's name fits into a path",
    broken: ({ kernels }) =>
      Object.keys(kernels).filter((name) => !KERNEL_NAME.test(name)).map((name) => ({
        path: ["kernels", name],
        text: mismatch(quoteValue(name), "a name of letters, digits, - and _")
      }))
  },
  namesKernels(
    "compare",
    (scenario) =>
      (scenario.compare ?? []).flatMap((pair, i) =>
        (["baseline", "against"] as const).map((key) => ({
          name: pair[key],
          path: [...comparisonPath(scenario, i), key]
        }))
      )
  ),
  namesKernels(
    "expect",
    ({ expect }) =>
      Object.keys(expect).filter((name) => name !== "default").map((name) => ({ name, path: ["expect", name] }))
  ),
  namesKernels(
    "map.kernels",
    ({ map }) => (map?.kernels ?? []).map((name, i) => ({ name, path: ["map", "kernels", i] }))
  ),
  namesKernels(
    "a client group",
    ({ clients }) =>
      clients.flatMap(({ kernel }, i) => kernel === undefined ? [] : [{ name: kernel, path: ["clients", i, "kernel"] }])
  ),
  namesKernels(
    "applications",
    ({ applications }) =>
      applications?.kernel === undefined ? [] : [{ name: applications.kernel, path: ["applications", "kernel"] }]
  ),
  {
    name: "an axis of the map is a path",
    broken: ({ map }) =>
      (["x", "y"] as const).flatMap((axis) => {
        const path = map?.[axis]?.path
        if (path === undefined || parsePath(path) !== null) return []
        return [{ path: ["map", axis, "path"], text: mismatch(quoteValue(path), "a path such as clients.0.pageCache") }]
      })
  }
]
