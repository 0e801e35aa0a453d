// @ts-check
// Puts an app and all that it imports into a few files: `node tools/bundle.mjs APP [FOLDER]`, for example with
// apps/nbd-server, reads the programs of the app and writes them to FOLDER (by default APP/bundle).
// Node then opens a dozen files instead of some 700, and only what is used of each library. The licences of the libraries
// that went in stand beside them.
import { build } from "esbuild"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { argv } from "node:process"
import { fileURLToPath } from "node:url"
import { byModule, effectContents } from "./src/effect-modules.mjs"
import { packagesIn } from "./src/pack.mjs"

const app = resolve(argv[2])
// beside dist: the app finds its package.json one folder up
const out = resolve(argv[3] ?? join(app, "bundle"))
const modules = fileURLToPath(new URL("../node_modules", import.meta.url))

/** Modules: what is needed later stands in files of its own. @type {import("esbuild").BuildOptions} */
const AS_MODULES = {
  splitting: true,
  format: "esm",
  // libraries in CommonJS ask for Node's modules with require
  banner: {
    js: "import { createRequire as requireFrom } from \"node:module\"; const require = requireFrom(import.meta.url)"
  }
}

/** Puts imports of effect by module. @returns {import("esbuild").Plugin} */
const effectByModule = () => {
  const contents = effectContents()
  return {
    name: "effect by module",
    setup: ({ onLoad }) =>
      onLoad({ filter: /\/(?:apps|libs)\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => ({
        loader: "ts",
        contents: byModule(readFileSync(path, "utf8"), contents)
      }))
  }
}

/**
 * Scripts, each of which is one file: Node keeps compiled code of scripts alone. What is needed later stands in functions, and
 * is run when it is asked for. Names stay, for the stacks of faults.
 * @returns {import("esbuild").BuildOptions}
 */
const asScripts = () => ({
  format: "cjs",
  outExtension: { ".js": ".cjs" },
  define: { "import.meta.dirname": "__dirname" },
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  plugins: [effectByModule()]
})

/** Apps that start as scripts, and their programs. @type {Readonly<Record<string, ReadonlyArray<string>>>} */
const SCRIPTS = { "nbd-server": ["main", "run-command", "worker", "run-member"] }
const scripts = SCRIPTS[basename(app)]
const options = scripts === undefined ? AS_MODULES : asScripts()
const programs = scripts ?? ["main", "worker", "side"].filter((name) => existsSync(join(app, `src/${name}.ts`)))

/** Bundles one program; returns the paths of all that went in. @type {(program: string) => Promise<ReadonlyArray<string>>} */
const bundle = async (program) => {
  const { metafile } = await build({
    absWorkingDir: app,
    entryPoints: [`src/${program}.ts`],
    outdir: out,
    bundle: true,
    conditions: ["@swaplab/source"],
    platform: "node",
    target: "node20",
    logLevel: "warning",
    ...options,
    metafile: true
  })
  return Object.keys(metafile.inputs)
}

// each by itself: what a worker shares with the command would be a module with all that only one of the two needs
const inputs = (await Promise.all(programs.map(bundle))).flat()

const licences = packagesIn(inputs).map((name) => {
  const folder = join(modules, name)
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  return `${name}\n\n${file === undefined ? "" : readFileSync(join(folder, file), "utf8")}`
})
// the last file: build-first.mjs takes a bundle with it for whole
writeFileSync(join(out, "licences.txt"), licences.join("\n\n"))
