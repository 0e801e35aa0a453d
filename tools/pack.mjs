// @ts-check
// `npm run pack [-- FOLDER [NAME...]]`: builds the libs and the apps, or those that are named, and makes a tarball of each in
// one folder (out/packages).
// The tarball of an app is complete: `npm install -g FOLDER/swaplab-nbd-server-0.1.0.tgz` needs no registry. A project installs
// the libs that it wants from there.
import { execFileSync } from "node:child_process"
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, resolve } from "node:path"
import { projects as all } from "./src/floors.mjs"
import { isOutput, packedManifest } from "./src/pack.mjs"
import { read, root } from "./src/workspace.mjs"

const [folder = join(root, "out/packages"), ...names] = process.argv.slice(2)
const unknown = names.filter((name) => !all.some((project) => project.name === name))
if (unknown.length > 0) {
  console.error(`npm run pack: got ${unknown.join(", ")}, expected ${all.map(({ name }) => name).join(", ")}`)
  process.exit(2)
}
const manifestOf = (/** @type {{ folder: string }} */ { folder }) => JSON.parse(read(`${folder}/package.json`))
const projects = all.filter((project) =>
  names.length === 0 ? manifestOf(project).private !== true : names.includes(project.name)
)
const out = resolve(folder)
mkdirSync(out, { recursive: true })
for (const name of readdirSync(out)) if (/^swaplab-.*\.tgz$/.test(name)) rmSync(join(out, name))

const manifests = projects.map(manifestOf)
const versions = Object.fromEntries(all.map(manifestOf).map(({ name, version }) => [name, version]))
// an app is packed as a bundle of sources
const libs = projects.filter((_, i) => manifests[i].bin === undefined).map(({ folder }) =>
  join(folder, "tsconfig.lib.json")
)
if (libs.length > 0) {
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-b", ...libs], { cwd: root, stdio: "inherit" })
}
/** Puts the page into a bundle, with the licences of what is in it. @type {(folder: string, bundle: string) => void} */
const addPage = (folder, bundle) => {
  execFileSync(process.execPath, [join(root, "tools/page.mjs"), folder], { stdio: "ignore" })
  copyFileSync(join(folder, "swaplab.html"), join(bundle, "swaplab.html"))
  appendFileSync(
    join(bundle, "licences.txt"),
    `\n\nOf the page:\n\n${readFileSync(join(folder, "licences.txt"), "utf8")}`
  )
}

const stage = mkdtempSync(join(tmpdir(), "swaplab-pack-"))
try {
  const staged = projects.map(({ folder, name }, i) => {
    const target = join(stage, name)
    mkdirSync(target)
    writeFileSync(join(target, "package.json"), `${JSON.stringify(packedManifest(manifests[i], versions), null, 2)}\n`)
    for (const file of ["CHANGELOG.md", "LICENSE"]) copyFileSync(join(root, file), join(target, file))
    const from = join(root, folder)
    const isApp = manifests[i].bin !== undefined
    // what is built goes its own way
    for (const part of manifests[i].files) {
      if (part !== "bundle" && part !== "dist" && existsSync(join(from, part))) {
        cpSync(join(from, part), join(target, part), { recursive: true })
      }
    }
    if (isApp) {
      execFileSync(process.execPath, [join(root, "tools/bundle.mjs"), from, join(target, "bundle")], {
        stdio: "inherit"
      })
      // it serves a page
      if (name === "swaplab") addPage(join(stage, "page"), join(target, "bundle"))
      return target
    }
    const dist = join(from, "dist")
    const isSource = (/** @type {string} */ path) => existsSync(join(from, "src", path))
    cpSync(dist, join(target, "dist"), {
      recursive: true,
      filter: (path) => statSync(path).isDirectory() || isOutput(relative(dist, path), isSource)
    })
    return target
  })
  execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", out, ...staged], {
    stdio: "inherit"
  })
} finally {
  rmSync(stage, { recursive: true, force: true })
}
console.log(`${projects.length} packages in ${out}`)
