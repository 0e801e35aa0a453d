// What one field alone cannot tell: names that must refer to something, sizes that must fit together, and settings that
// have no effect in this scenario. The first two are mistakes, the last are said and not ignored.
import { PAGE_SIZE } from "@swaplab/page-alloc"
import { metricOf } from "../run/metrics.ts"
import { BACKGROUND_SWITCHES, backgroundBytes } from "./background.ts"
import { clientsOf, neededSwap, usememBytes } from "./clients.ts"
import { formatPath, formatValue, mismatch, type Path } from "./errors.ts"
import { KERNEL_NAME } from "./fields.ts"
import { idlePatches } from "./kernels.ts"
import { nearest } from "./nearest.ts"
import type { Scenario } from "./scenario.ts"
import { formatThreshold } from "./threshold.ts"
import { parsePath } from "./tree.ts"
import { formatQuantity, SIZE } from "./units.ts"

interface Found {
  readonly path: Path
  readonly text: string
}

const MIB = 1024 * 1024

const unknownKernel = (name: string, kernels: ReadonlyArray<string>): string => {
  const near = nearest(name, kernels)
  return mismatch(name, `a kernel of this scenario: ${near === null ? kernels.join(", ") : `did you mean ${near}?`}`)
}

/** A value within a decoded scenario. */
const fieldOf = (root: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], root)

/** Mistakes in a scenario whose fields are right one by one. */
export const checkScenario = (scenario: Scenario): ReadonlyArray<Found> => {
  const found: Array<Found> = []
  const kernels = Object.keys(scenario.kernels)
  const refersToKernel = (name: string, path: Path): void => {
    if (!kernels.includes(name)) found.push({ path, text: unknownKernel(name, kernels) })
  }

  if (kernels.length === 0) found.push({ path: ["kernels"], text: mismatch({}, "at least one kernel") })
  for (const name of kernels) {
    if (!KERNEL_NAME.test(name)) {
      found.push({ path: ["kernels", name], text: mismatch(name, "a name of letters, digits, - and _") })
    }
  }
  scenario.compare?.forEach((pair, i) => {
    const path = scenario.compare?.length === 1 ? ["compare"] : ["compare", i]
    refersToKernel(pair.baseline, [...path, "baseline"])
    refersToKernel(pair.against, [...path, "against"])
  })
  for (const name of Object.keys(scenario.expect)) if (name !== "default") refersToKernel(name, ["expect", name])
  scenario.map?.kernels?.forEach((name, i) => refersToKernel(name, ["map", "kernels", i]))
  for (const axis of ["x", "y"] as const) {
    const path = scenario.map?.[axis]?.path
    if (path !== undefined && parsePath(path) === null) {
      found.push({ path: ["map", axis, "path"], text: mismatch(path, "a path such as clients.0.pageCache") })
    }
  }

  const groups = new Set<string>()
  scenario.clients.forEach((group, i) => {
    const at = (...rest: Path): Path => ["clients", i, ...rest]
    if (groups.has(group.name)) {
      found.push({ path: at("name"), text: mismatch(group.name, "a name that no other group has") })
    }
    groups.add(group.name)
    if (group.kernel !== undefined) refersToKernel(group.kernel, at("kernel"))
    const needed = neededSwap(group)
    if (group.swap < needed) {
      const enough = formatQuantity(SIZE, Math.ceil(needed / MIB) * MIB)
      const others = backgroundBytes(group.background)
      const mapped = formatQuantity(SIZE, usememBytes(group) + others)
      const who = others > 0 ? "usemem and the background loads map" : "usemem maps"
      found.push({
        path: at("swap"),
        text: mismatch(
          formatQuantity(SIZE, group.swap),
          `at least ${enough}: ${who} ${mapped}, which may be at most 70 % of RAM and swap`
        )
      })
    }
    const processes = group.workload.usemem.processesPerCpu * group.cpus
    if (usememBytes(group) < processes * PAGE_SIZE) {
      found.push({
        path: at("workload", "usemem", "size"),
        text: mismatch(
          formatQuantity(SIZE, usememBytes(group)),
          `at least a page for each of its ${processes} processes: ${formatQuantity(SIZE, processes * PAGE_SIZE)}`
        )
      })
    }
    if (group.ram % PAGE_SIZE !== 0) {
      found.push({ path: at("ram"), text: mismatch(formatQuantity(SIZE, group.ram), "whole pages of 4 KiB") })
    }
    if (group.minFree !== "auto" && group.minFree > group.ram / 2) {
      found.push({
        path: at("minFree"),
        text: mismatch(
          formatQuantity(SIZE, group.minFree),
          `auto, or at most half of RAM: ${formatQuantity(SIZE, group.ram / 2)}`
        )
      })
    }
    if (group.pageCache > 0.8) {
      found.push({
        path: at("pageCache"),
        text: mismatch(`${group.pageCache * 100} %`, "at most 80 %: the kernel needs the rest to boot")
      })
    }
    if (group.start >= scenario.duration) {
      found.push({ path: at("start"), text: "expected a time before the end of the scenario (duration)" })
    }
  })
  if (found.length === 0) {
    const names = clientsOf(scenario, kernels[0]).map((client) => client.name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) found.push({ path: ["clients"], text: `two clients are called ${twice}, rename a group` })
  }
  if (scenario.watchdog.stall > scenario.watchdog.hang) {
    found.push({ path: ["watchdog", "stall"], text: "expected a time that is not longer than watchdog.hang" })
  }
  return found
}

/**
 * Settings without effect. `given` is the scenario as the user wrote it, so that a default that has no effect here is not
 * held against anybody.
 */
export const warningsOf = (scenario: Scenario, given: (path: Path) => unknown): ReadonlyArray<string> => {
  const warnings: Array<string> = []
  const noEffect = (path: Path, reason: string): void => {
    warnings.push(`${formatPath(path)}: ${formatValue(given(path))} has no effect: ${reason}`)
  }
  const isGiven = (path: Path): boolean => given(path) !== undefined
  const kernels = Object.keys(scenario.kernels)

  const followsCell = scenario.clients.some((group) => group.kernel === undefined)
  if (!followsCell) {
    const used = new Set(scenario.clients.map((group) => group.kernel))
    const unused = kernels.filter((name) => !used.has(name))
    if (kernels.length > 1) {
      warnings.push("kernels: every client group names its own kernel, so all cells of the experiment are the same")
    }
    for (const name of unused) noEffect(["kernels", name], "no client uses this kernel")
  }
  for (const [name, kernel] of Object.entries(scenario.kernels)) {
    const groups = scenario.clients.filter((group) => (group.kernel ?? name) === name)
    for (const { patch, reason, wanted } of idlePatches(kernel, groups)) {
      const at = ["kernels", name, "patches", patch]
      if (isGiven(at)) noEffect(at, reason)
      else warnings.push(`kernels.${name}.base: ${wanted ? "+" : "-"} ${patch} has no effect: ${reason}`)
    }
  }
  if (scenario.compare !== undefined && kernels.length < 2) noEffect(["compare"], "there is one kernel only")
  scenario.compare?.forEach((pair, i) => {
    if (kernels.length > 1 && pair.baseline === pair.against) {
      noEffect(scenario.compare?.length === 1 ? ["compare"] : ["compare", i], "it compares a kernel with itself")
    }
  })
  if (scenario.expect.default !== undefined && kernels.every((name) => scenario.expect[name] !== undefined)) {
    noEffect(["expect", "default"], "every kernel has an expectation of its own")
  }

  scenario.clients.forEach((group, i) => {
    const at = (...rest: Path): Path => ["clients", i, ...rest]
    for (const { load, field, others } of BACKGROUND_SWITCHES) {
      const section = ["background", ...load]
      if (fieldOf(group, [...section, field]) !== 0) continue
      for (const other of others) {
        if (isGiven(at(...section, other))) noEffect(at(...section, other), `${[...section, field].join(".")} is 0`)
      }
    }
    if (group.background.iozone.file === 0 && group.background.sysbench.threads === 0) {
      for (const name of ["bytesPerSecond", "latency"]) {
        if (isGiven(at("background", "disk", name))) noEffect(at("background", "disk", name), "nothing writes files")
      }
    }
    if (group.thp && group.minFree !== "auto") {
      noEffect(at("thp"), "minFree is given, and the size of the reserve is all that thp changes")
    }
    const passes = group.workload.usemem.passes
    if (passes === 1 && group.workload.usemem.mode === "read" && isGiven(at("workload", "usemem", "mode"))) {
      noEffect(at("workload", "usemem", "mode"), "the only pass writes")
    }
    if (usememBytes(group) + group.pageCache * group.ram < group.ram * 0.8) {
      warnings.push(
        `${formatPath(at("workload", "usemem", "size"))}: ${
          formatQuantity(SIZE, usememBytes(group))
        } fits into RAM, so `
          + "the clients will hardly swap"
      )
    }
  })
  if (scenario.lan.flowControl && isGiven(["lan", "switch", "portLimit"])) {
    noEffect(["lan", "switch", "portLimit"], "with flowControl senders pause, and what waits for a port is not limited")
  }
  if (scenario.server.disk === "memory" && isGiven(["server", "pageCache"])) {
    noEffect(["server", "pageCache"], "server.disk is memory: nothing is ever read from behind the cache")
  }
  scenario.thresholds.forEach((threshold, i) => {
    const metric = metricOf(threshold.metric)
    if (threshold.metric === "server.diskUtilisation" && scenario.server.disk === "memory") {
      noEffect(["thresholds", i], "server.disk is memory")
    } else if (metric?.scope === "client" && threshold.comparison === ">=" && threshold.value === 0) {
      noEffect(["thresholds", i], `${formatThreshold(threshold)} always holds`)
    }
  })
  if (scenario.map !== undefined) {
    const { x, y } = scenario.map
    if (y !== undefined && x.path === y.path) noEffect(["map", "y"], "it is the same parameter as x")
  }
  return warnings
}
