// @ts-check
// The file of results: each point by its name, each of its kernels with the command and what each run gave.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"

/** @typedef {Record<string, import("./measure.mjs").Measured>} Points */

/** What a file holds, or nothing yet. @type {(path: string) => Points} */
export const readPoints = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {})

/** As text: a line for each run. @type {(points: Points) => string} */
export const formatPoints = (points) => {
  const block = (/** @type {string} */ indent, /** @type {ReadonlyArray<string>} */ lines) =>
    lines.length === 0 ? "{}" : `{\n${lines.map((line) => `${indent}  ${line}`).join(",\n")}\n${indent}}`
  return `${
    block(
      "",
      Object.entries(points).map(([name, kernels]) =>
        `${JSON.stringify(name)}: ${
          block(
            "  ",
            Object.entries(kernels).map(([kernel, { command, runs }]) =>
              `${JSON.stringify(kernel)}: {\n      "command": ${JSON.stringify(command)},\n      "runs": [\n${
                runs.map((run) => `        ${JSON.stringify(run)}`).join(",\n")
              }\n      ]\n    }`
            )
          )
        }`
      )
    )
  }\n`
}

/** Writes them so that a reader finds all of them or those of before. @type {(path: string, points: Points) => void} */
export const writePoints = (path, points) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, formatPoints(points))
  renameSync(`${path}.new`, path)
}
