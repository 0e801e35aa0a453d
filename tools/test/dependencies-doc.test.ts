// docs/dependencies.md has a line for every dependency, and no line for anything else.
import { describe, expect, it } from "vitest"
import { files, read } from "../src/workspace.mjs"

const DOCUMENT = "docs/dependencies.md"

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly license?: string }>>
}

const named = new Set(
  files().filter((path) => /(^|\/)package\.json$/.test(path)).flatMap((path) => {
    const json = JSON.parse(read(path)) as Manifest
    return Object.keys({
      ...json.dependencies,
      ...json.devDependencies,
      ...json.optionalDependencies,
      ...json.peerDependencies
    })
  }).filter((name) => !name.startsWith("@swaplab/"))
)

/** Licences by package, from the lock files. */
const licences = new Map<string, Set<string>>()
for (const path of files().filter((path) => path.endsWith("package-lock.json"))) {
  const { packages } = JSON.parse(read(path)) as Lock
  for (const [place, { license }] of Object.entries(packages)) {
    const name = place.split("node_modules/").at(-1) ?? ""
    if (license !== undefined) licences.set(name, (licences.get(name) ?? new Set()).add(license))
  }
}

/** The rows of the tables: cells without the outer bars. */
const rows = read(DOCUMENT).split("\n").filter((line) => line.startsWith("| `")).map((line) =>
  line.split("|").slice(1, -1).map((cell) => cell.trim())
)
const names = rows.map(([first]) => first.replaceAll("`", ""))

describe(DOCUMENT, () => {
  it("has one line for each dependency", () => {
    expect(names.toSorted()).toEqual([...named].toSorted())
  })

  it("gives a reason, what it replaces and a licence in each line", () => {
    expect(rows.filter((cells) => cells.some((cell) => cell === "")).map(([name]) => name)).toEqual([])
  })

  it("gives the licences that the lock files give", () => {
    const wrong = rows.flatMap((cells, i) => {
      const known = [...licences.get(names[i]) ?? []]
      return known.length === 1 && known[0] === cells.at(-1) ? [] : [`${names[i]}: ${known.join(", ")}`]
    })
    expect(wrong).toEqual([])
  })
})
