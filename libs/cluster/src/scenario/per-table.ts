// What derives from a table of workloads is made once for each table.
import { WORKLOADS, type WorkloadTable } from "@swaplab/workload"

/** A function of a table, by default of the workloads of swaplab, that makes its result once. */
export const perTable = <A>(make: (workloads: WorkloadTable) => A): (workloads?: WorkloadTable) => A => {
  const made = new WeakMap<WorkloadTable, A>()
  return (workloads = WORKLOADS) => {
    let known = made.get(workloads)
    if (known === undefined) {
      known = make(workloads)
      made.set(workloads, known)
    }
    return known
  }
}
