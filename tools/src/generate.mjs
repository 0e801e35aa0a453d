// @ts-check
// Writes everything that follows from the table of floors, and the schema and the reference of scenarios and
// the reference and the man pages of the NBD server, which follow from the tables of the code. Run it by `npm run generate`.
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { surfaces } from "./api-surface.mjs"
import {
  dependenciesOf,
  oxlintConfig,
  projects,
  published,
  referencesOf,
  rootReferences,
  sourcesOf
} from "./floors.mjs"
import { completed } from "./lock.mjs"
import { manPages } from "./nbd-man.mjs"
import { read, root } from "./workspace.mjs"

/** @type {Array<string>} */
const changed = []

/** @type {(path: string, change: (json: any) => unknown) => void} */
const rewrite = (path, change) => {
  const file = join(root, path)
  const before = JSON.parse(readFileSync(file, "utf8"))
  const after = change(structuredClone(before))
  if (JSON.stringify(before) === JSON.stringify(after)) return
  writeFileSync(file, `${JSON.stringify(after, null, 2)}\n`)
  changed.push(path)
}

for (const project of projects) {
  rewrite(`${project.folder}/package.json`, (json) => {
    const others = Object.entries(json.dependencies ?? {}).filter(([name]) => !name.startsWith("@swaplab/"))
    const all = [...others, ...Object.entries(dependenciesOf(project))].sort(([a], [b]) => a < b ? -1 : 1)
    return { ...json, ...published(project), ...sourcesOf(project), dependencies: Object.fromEntries(all) }
  })
  for (const kind of /** @type {const} */ (["lib", "spec"])) {
    rewrite(`${project.folder}/tsconfig.${kind}.json`, (json) => ({ ...json, references: referencesOf(project, kind) }))
  }
}
rewrite(".oxlintrc.json", oxlintConfig)
rewrite("tsconfig.json", (json) => ({ ...json, references: rootReferences() }))
rewrite("package-lock.json", (json) => ({ ...json, packages: completed(json.packages) }))
if (changed.length > 0) {
  execFileSync("npx", ["dprint", "fmt", "--allow-no-files", ...changed], { cwd: root, stdio: "inherit" })
}

// from the tables of cards, disks, patches, metrics … as they are built
const tsc = join(root, "node_modules/.bin/tsc")
execFileSync(tsc, ["-b", "apps/swaplab/tsconfig.lib.json", "apps/nbd-server/tsconfig.lib.json"], {
  cwd: root,
  stdio: "inherit"
})
const manual = Object.keys(manPages())
const documents = ["scenarios/scenario.schema.json", "docs/reference/scenario.md", "docs/nbd-server/reference.md"]
const before = [...documents, ...manual].map(read)
writeFileSync(
  join(root, documents[0]),
  execFileSync(process.execPath, ["apps/swaplab/bin/swaplab.mjs", "schema"], { cwd: root })
)
for (const page of ["scenario-reference", "nbd-reference"]) {
  execFileSync(process.execPath, [`tools/src/${page}.mjs`], { cwd: root, stdio: "inherit" })
}
execFileSync(join(root, "node_modules/.bin/dprint"), ["fmt", ...documents], { cwd: root, stdio: "inherit" })
// from the reference
execFileSync(process.execPath, ["tools/src/nbd-man.mjs"], { cwd: root, stdio: "inherit" })
changed.push(...[...documents, ...manual].filter((path, i) => read(path) !== before[i]))

// from the declarations that tsc made of the libs: the apps need each of them
mkdirSync(join(root, "docs/api"), { recursive: true })
for (const [path, text] of Object.entries(surfaces())) {
  const file = join(root, path)
  if (existsSync(file) && read(path) === text) continue
  writeFileSync(file, text)
  changed.push(path)
}

console.log(changed.length === 0 ? "nothing to change" : `changed ${changed.join(", ")}`)
