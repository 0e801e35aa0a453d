// @ts-check
// `npm run api [-- FOLDER]`: the pages of the API (docs/api/html), made from the docblocks of every lib. A link in a
// docblock that leads nowhere is a mistake: exit 1.
// The tool needs TypeScript 6, so it is a locked package of its own, which is installed into tools/.cache at the first call.
import { execFileSync, spawnSync } from "node:child_process"
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { projects } from "./src/floors.mjs"
import { read, root } from "./src/workspace.mjs"

const [folder = join(root, "docs/api/html")] = process.argv.slice(2)
const source = join(root, "tools/api-docs")
const cache = join(root, "tools/.cache/api-docs")
const lockOf = (/** @type {string} */ place) =>
  existsSync(join(place, "package-lock.json")) ? readFileSync(join(place, "package-lock.json"), "utf8") : ""

if (lockOf(source) !== lockOf(cache) || !existsSync(join(cache, "node_modules/.bin/typedoc"))) {
  mkdirSync(cache, { recursive: true })
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(source, file), join(cache, file))
  execFileSync("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: cache, stdio: "inherit" })
}

const libs = projects.filter(({ folder }) => folder.startsWith("libs/"))
const entries = libs.flatMap(({ folder }) =>
  Object.entries(JSON.parse(read(`${folder}/package.json`)).exports).filter(([name]) => name !== "./package.json")
    .map(([, target]) => join(root, folder, target["@swaplab/source"]))
)
writeFileSync(
  join(cache, "tsconfig.json"),
  JSON.stringify({
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: {
      composite: false,
      incremental: false,
      noEmit: true,
      typeRoots: [join(root, "node_modules/@types")]
    },
    files: entries
  })
)
writeFileSync(
  join(cache, "typedoc.json"),
  JSON.stringify({
    entryPoints: entries,
    tsconfig: join(cache, "tsconfig.json"),
    out: resolve(folder),
    name: "swaplab",
    readme: join(root, "docs/api/README.md"),
    basePath: join(root, "libs"),
    displayBasePath: join(root, "libs"),
    disableSources: true,
    // `tsc -b` has checked the types
    skipErrorChecking: true,
    treatWarningsAsErrors: true,
    validation: { invalidLink: true, notExported: false, notDocumented: false }
  })
)
const { status } = spawnSync(join(cache, "node_modules/.bin/typedoc"), ["--options", join(cache, "typedoc.json")], {
  cwd: cache,
  stdio: "inherit"
})
process.exitCode = status === 0 ? 0 : 1
