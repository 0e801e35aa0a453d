// The order of test files: those that take longest begin, so that all threads end at about the same time.
import { relative } from "node:path"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { root } from "./workspace.mjs"

/** The files that take longest, and the folders whose tests start processes or simulate whole runs; longest first. */
const LONG = [
  "e2e/test/docs.",
  "e2e/test/why.",
  "e2e/nbd-server/test/crowd.",
  "e2e/test/ablate.",
  "e2e/test/run.",
  "libs/experiment/test/explain.",
  "libs/cluster/test/run.",
  "e2e/",
  "apps/swaplab/",
  "libs/experiment/",
  "libs/cluster/",
  "apps/",
  "libs/workload/",
  "libs/vmscan/test/life.",
  "libs/kernel/"
]

const rank = ({ moduleId }: TestSpecification): number => {
  const path = relative(root, moduleId)
  const place = LONG.findIndex((start) => path.startsWith(start))
  return place < 0 ? LONG.length : place
}

/** Files in the order of that list, and those that share a place in vitest's order: large files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
