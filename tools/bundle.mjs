// @ts-check
// Puts an app and all that it imports into a few modules: `node tools/bundle.mjs APP [FOLDER]`, for example with
// apps/nbd-server, reads src/main.ts, and src/worker.ts where there is one, and writes them to FOLDER (by default APP/bundle).
// Node then opens a dozen files instead of some 700, and only what is used of each library. The licences of the libraries
// that went in stand beside them.
import { build } from "esbuild"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { argv } from "node:process"
import { fileURLToPath } from "node:url"
import { packagesIn } from "./src/pack.mjs"

const app = resolve(argv[2])
// beside dist: the app finds its package.json one folder up
const out = resolve(argv[3] ?? join(app, "bundle"))
const modules = fileURLToPath(new URL("../node_modules", import.meta.url))

/** Bundles one entry; returns the paths of all that went in. @type {(entry: string) => Promise<ReadonlyArray<string>>} */
const bundle = async (entry) => {
  const { metafile } = await build({
    absWorkingDir: app,
    entryPoints: [entry],
    outdir: out,
    bundle: true,
    conditions: ["@swaplab/source"],
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // libraries in CommonJS ask for Node's modules with require
    banner: {
      js: "import { createRequire as requireFrom } from \"node:module\"; const require = requireFrom(import.meta.url)"
    },
    logLevel: "warning",
    metafile: true
  })
  return Object.keys(metafile.inputs)
}

// each by itself: what a worker shares with the command would be a module with all that only one of the two needs
const entries = ["src/main.ts", "src/worker.ts"].filter((entry) => existsSync(join(app, entry)))
const inputs = (await Promise.all(entries.map(bundle))).flat()

const licences = packagesIn(inputs).map((name) => {
  const folder = join(modules, name)
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  return `${name}\n\n${file === undefined ? "" : readFileSync(join(folder, file), "utf8")}`
})
writeFileSync(join(out, "licences.txt"), licences.join("\n\n"))
