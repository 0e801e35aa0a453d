// @ts-check
// Builds the page: `node tools/page.mjs [FOLDER]` writes swaplab.html to FOLDER (by default apps/dashboard/bundle). One file with
// everything in it, which loads nothing: it opens from a disk and from any web server.
//
// The engine is a script of its own in the page, as text: the page starts its thread from there, because a file from a disk may
// not load one. The policy of the page allows the one script and the one style sheet by their hashes, and threads from blobs;
// nothing may be fetched, and no text becomes code.
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { argv } from "node:process"
import { fileURLToPath } from "node:url"
import { build } from "vite"
import { byModule, effectContents } from "./src/effect-modules.mjs"
import { packagesIn } from "./src/pack.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const app = join(root, "apps/dashboard")
const out = resolve(argv[2] ?? join(app, "bundle"))

const contents = effectContents()

/** Puts imports of effect by module: what is left out is not parsed. @type {import("vite").Plugin} */
const effectByModule = {
  name: "effect by module",
  transform: (code, id) =>
    /\/(?:apps|libs)\/[^/]+\/src\/.*\.ts$/.test(id) ? { code: byModule(code, contents), map: null } : null
}

/**
 * Bundles one program as a classic script; also returns the paths of all that went in.
 * @type {(program: string) => Promise<{ code: string, inputs: ReadonlyArray<string> }>}
 */
const bundle = async (program) => {
  const built = await build({
    root: app,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    resolve: {
      conditions: ["@swaplab/source"],
      // the same without texts that become code, which the policy of the page refuses
      alias: { msgpackr: join(root, "node_modules/msgpackr/dist/index-no-eval.cjs") }
    },
    plugins: [effectByModule],
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      reportCompressedSize: false,
      rollupOptions: { input: join(app, "src", program), output: { format: "iife", inlineDynamicImports: true } }
    }
  })
  const { output } = /** @type {import("vite").Rollup.RollupOutput} */ (Array.isArray(built) ? built[0] : built)
  const [chunk, ...others] = output
  if (others.length > 0) {
    throw new Error(`${program}: expected one script, got ${output.map(({ fileName }) => fileName).join(", ")}`)
  }
  return { code: chunk.code, inputs: chunk.moduleIds }
}

/** So that a script can stand in a page: what would end or open an element of scripts. */
const inPage = (/** @type {string} */ code) => code.replaceAll(/<(?=\/script|!--)/gi, "\\x3C").trim()

const hashOf = (/** @type {string} */ text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

const [engine, page] = await Promise.all([bundle("engine/worker.ts"), bundle("page/main.ts")])
const script = inPage(page.code)
const style = readFileSync(join(app, "src/page.css"), "utf8").trim()
const policy = [
  "default-src 'none'",
  `script-src ${hashOf(script)}`,
  `style-src ${hashOf(style)}`,
  "worker-src blob:",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'"
].join("; ")
/** @type {Readonly<Record<string, string>>} */
const parts = { policy, style, engine: inPage(engine.code), script }
const html = readFileSync(join(app, "src/index.html"), "utf8").replaceAll(
  /%(\w+)%/g,
  (whole, name) => parts[name] ?? whole
)
mkdirSync(out, { recursive: true })
writeFileSync(join(out, "swaplab.html"), html)

const licences = packagesIn([...engine.inputs, ...page.inputs]).map((name) => {
  const folder = join(root, "node_modules", name)
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  return `${name}\n\n${file === undefined ? "" : readFileSync(join(folder, file), "utf8")}`
})
// the last file: build-first.mjs takes a bundle with it for whole
writeFileSync(join(out, "licences.txt"), licences.join("\n\n"))
console.log(`The page: open ${join(out, "swaplab.html")} in a browser.`)
