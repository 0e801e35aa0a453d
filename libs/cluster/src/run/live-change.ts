// What can be changed of a run under way: patches of kernels and sysctls. The change is the difference of two scenarios, so that it
// is written, and checked, as the scenario's own values are.
// Not changed: what a client boots. One that loses its power has the scenario's patches and sysctls afterwards.
import { formatPath, isMapping, type Mapping, mismatch, type Path } from "@swaplab/config"
import {
  noEffect,
  PATCHES,
  patchesOf,
  type PatchName,
  SETTLED_AT_BOOT,
  switchPatches,
  switchSysctls,
  type SysctlName,
  type Sysctls,
  SYSCTLS_OF_BOOT
} from "@swaplab/kernel"
import { Either } from "effect"
import { machineFacts } from "../scenario/cards.ts"
import { clientsOf, type ClientSpec, kernelOf } from "../scenario/clients.ts"
import type { Scenario } from "../scenario/scenario.ts"
import type { ClusterRun } from "./cluster-run.ts"

/** The change of one client. */
export interface LiveChange {
  readonly client: string
  readonly patches: Readonly<Partial<Record<PatchName, boolean>>>
  readonly sysctls: Sysctls
  /** Patches that make no difference on this machine, with the reason. */
  readonly idle: ReadonlyArray<readonly [patch: PatchName, reason: string]>
}

/** Where two scenarios differ otherwise. */
const otherDifference = (path: Path, a: unknown, b: unknown): Path | null => {
  const last = path.at(-1)
  if (
    (path[0] === "kernels" && path.length === 3 && last === "patches") || (path[0] === "clients" && last === "sysctl")
  ) {
    return null
  }
  if (isMapping(a) && isMapping(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = otherDifference([...path, key], a[key], b[key])
      if (found !== null) return found
    }
    return null
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    for (const [i, value] of a.entries()) {
      const found = otherDifference([...path, i], value, b[i])
      if (found !== null) return found
    }
    return null
  }
  return JSON.stringify(a) === JSON.stringify(b) ? null : path
}

const changedPatches = (from: Scenario, to: Scenario, a: string, b: string): LiveChange["patches"] => {
  const [before, after] = [patchesOf(kernelOf(from, a)), patchesOf(kernelOf(to, b))]
  return Object.fromEntries(
    PATCHES.filter(({ name }) => before.has(name) !== after.has(name)).map(({ name }) => [name, after.has(name)])
  )
}

const changedSysctls = (from: ClientSpec, to: ClientSpec): Sysctls => {
  const [before, after] = [from.group.sysctl, to.group.sysctl] as ReadonlyArray<Mapping>
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(before[name]) !== JSON.stringify(value))
  )
}

/** The changes that make one scenario of another for a run with a kernel of it; else what is wrong with that. */
export const liveChanges = (
  from: Scenario,
  to: Scenario,
  kernel: string
): Either.Either<ReadonlyArray<LiveChange>, string> => {
  const other = otherDifference([], from, to)
  if (other !== null) {
    return Either.left(
      mismatch(
        `a change of ${formatPath(other)}`,
        "one of a patch of a kernel, or of a sysctl of clients: a run that goes on can have no other"
      )
    )
  }
  const clients = clientsOf(to, kernel)
  const changes = clientsOf(from, kernel).map((spec, i): LiveChange => {
    const patches = changedPatches(from, to, spec.kernel, clients[i].kernel)
    const target = kernelOf(to, clients[i].kernel)
    const facts = machineFacts(spec.group)
    return {
      client: spec.name,
      patches,
      sysctls: changedSysctls(spec, clients[i]),
      idle: (Object.keys(patches) as ReadonlyArray<PatchName>).flatMap((name) => {
        const reason = noEffect(target, facts, name)
        return reason === null ? [] : [[name, reason] as const]
      })
    }
  })
  for (const { patches, sysctls } of changes) {
    for (const name of Object.keys(patches) as ReadonlyArray<PatchName>) {
      const reason = SETTLED_AT_BOOT[name]
      if (reason !== undefined) return Either.left(`${name} is exchanged by a boot only: ${reason}`)
    }
    for (const name of Object.keys(sysctls) as ReadonlyArray<SysctlName>) {
      const reason = SYSCTLS_OF_BOOT[name]
      if (reason !== undefined) return Either.left(`${name} is set by a boot only: ${reason}`)
    }
  }
  return Either.right(
    changes.filter(({ patches, sysctls }) => Object.keys(patches).length + Object.keys(sysctls).length > 0)
  )
}

/** Changes a run at this moment. */
export const applyChanges = ({ clients }: ClusterRun, changes: ReadonlyArray<LiveChange>): void => {
  for (const { client: name, patches, sysctls } of changes) {
    const found = clients.find(({ client }) => client.spec.name === name)
    if (found === undefined) continue
    switchPatches(found.client.machine, patches)
    switchSysctls(found.client.machine, sysctls)
  }
}
