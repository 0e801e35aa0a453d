// @ts-check
// `npm run pack [-- FOLDER]`: builds the libs and the apps and makes a tarball of each in one folder (out/packages).
// `npm install -g FOLDER/*.tgz` then gives both commands; a project installs the libs that it wants from there.
import { execFileSync } from "node:child_process"
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, resolve } from "node:path"
import { projects } from "./src/floors.mjs"
import { isOutput, packedManifest } from "./src/pack.mjs"
import { read, root } from "./src/workspace.mjs"

const out = resolve(process.argv[2] ?? join(root, "out/packages"))
mkdirSync(out, { recursive: true })
for (const name of readdirSync(out)) if (/^swaplab-.*\.tgz$/.test(name)) rmSync(join(out, name))

execFileSync(
  join(root, "node_modules/.bin/tsc"),
  ["-b", ...projects.map(({ folder }) => join(folder, "tsconfig.lib.json"))],
  { cwd: root, stdio: "inherit" }
)
const manifests = projects.map(({ folder }) => JSON.parse(read(`${folder}/package.json`)))
const versions = Object.fromEntries(manifests.map(({ name, version }) => [name, version]))
const stage = mkdtempSync(join(tmpdir(), "swaplab-pack-"))
try {
  const staged = projects.map(({ folder, name }, i) => {
    const target = join(stage, name)
    mkdirSync(target)
    writeFileSync(join(target, "package.json"), `${JSON.stringify(packedManifest(manifests[i], versions), null, 2)}\n`)
    copyFileSync(join(root, "LICENSE"), join(target, "LICENSE"))
    const from = join(root, folder)
    for (const part of ["README.md", "bin", "src"]) {
      if (existsSync(join(from, part))) cpSync(join(from, part), join(target, part), { recursive: true })
    }
    if (manifests[i].bin !== undefined) {
      execFileSync(process.execPath, [join(root, "tools/bundle.mjs"), from, join(target, "bundle")], {
        stdio: "inherit"
      })
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
