// CPUs of which others take a share: a virtual machine whose neighbours work, a hypervisor that is too small.
// Modelled: see Cpus.setStolen: everything that runs takes longer by the same factor.
import { formatQuantity, Percentage, required, SHARE } from "@swaplab/config"
import { Schema } from "effect"
import { type ActiveFault, faultKind } from "./fault-kind.ts"

const Stolen = Percentage.pipe(
  Schema.filter((share) => share > 0 && share <= 0.99, {
    title: "a percentage such as 50 %, above 0 % and at most 99 %"
  })
)

const options = { ...required("share", Stolen, "What is taken of all CPUs.") }

/** Takes it of a machine's CPUs; what counts is what they did meanwhile. */
const stolen = (set: (share: number) => void, busyNs: () => number, share: number): ActiveFault => {
  const before = busyNs()
  let after: number | null = null
  set(share)
  return {
    end: () => {
      after = busyNs()
      set(0)
    },
    effects: () => [["ms of CPU time slowed", Math.ceil(((after ?? busyNs()) - before) / 1e6)]]
  }
}

const words = ({ share }: { readonly share: number }): string => `${formatQuantity(SHARE, share)} of the CPUs taken`

export const stealCpu = faultKind({
  on: "client",
  meaning: "others take a share of the client's CPUs",
  sets: "CPU",
  cause: "cpu",
  hits: "ms of CPU time slowed",
  options,
  swarm: { share: ["20 %", "70 %", "95 %"] },
  begin: ({ machine: { cpus } }, { share }) => stolen((part) => cpus.setStolen(part), () => cpus.busyNs(), share),
  describe: words
})

export const serverStealCpu = faultKind({
  on: "server",
  meaning: "others take a share of the server's CPUs",
  sets: "CPU",
  cause: "network",
  hits: "ms of CPU time slowed",
  options,
  swarm: { share: ["20 %", "70 %", "95 %"] },
  begin: ({ machine }, { share }) => stolen((part) => machine.stealCpu(part), () => machine.host.busyNs(), share),
  describe: words
})
