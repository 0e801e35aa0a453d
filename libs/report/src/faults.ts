// What the reports of all commands end with or begin with: an interruption, faults of swaplab, warnings.
import type { CellResult, RunFailure } from "@swaplab/experiment"
import { type Document, item, section } from "./document.ts"

/** That not all runs were measured. */
export const interruption = (measured: number, of: number, remark = ""): Document =>
  section(null, [item(`Interrupted: ${measured} of ${of} runs were measured${remark}.`, "warn")])

/** Broken laws and lost runs of a command that makes many runs. */
export const faultSection = (runs: ReadonlyArray<CellResult>, failures: ReadonlyArray<RunFailure>): Document =>
  section("Broken laws and lost runs: faults of swaplab, please report them", [
    ...runs.flatMap(({ brokenLaws, kernel, seed }) =>
      brokenLaws.map((law) => item(`  ${kernel}, seed ${seed}: ${law}`, "bad"))
    ),
    ...failures.map((failure) => item(`  ${failure.message}`, "bad"))
  ])

/** Runs that were lost, of a command that tells broken laws by themselves. */
export const lostSection = (failures: ReadonlyArray<RunFailure>): Document =>
  section(
    "Lost runs: faults of swaplab, please report them",
    failures.map(({ message }) => item(`  ${message}`, "bad"))
  )

/** Warnings, one after the other. */
export const warningSection = (warnings: ReadonlyArray<string>): Document =>
  section("Warnings", warnings.map((warning) => item(`  ${warning}`, "warn")))
