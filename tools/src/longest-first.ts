// The order of test files: those that take longest begin, so that all threads end at about the same time.
import { relative } from "node:path"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { root } from "./workspace.mjs"

/** Folders whose tests start processes or simulate whole runs, longest first. */
const LONG = ["apps/swaplab/", "e2e/", "libs/experiment/", "libs/cluster/", "apps/", "libs/workload/", "libs/kernel/"]

const rank = ({ moduleId }: TestSpecification): number => {
  const path = relative(root, moduleId)
  const place = LONG.findIndex((folder) => path.startsWith(folder))
  return place < 0 ? LONG.length : place
}

/** Files by the length of the runs in their folder; within a folder in vitest's order: large files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
