// How Stryker's copy of a lib is tested. All tests of the lib and all that they import go into one module, because vitest
// starts a thread for each mutant and that thread loads every module anew. The quick files come first: the first test that
// fails ends the run. Every test that reaches a mutant is run before the mutant counts as a survivor.
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { cwd } from "node:process"
import { build } from "vite"
import { defineConfig } from "vitest/config"

/** Files whose tests take seconds. */
const SLOW = /buddy|bulk|conservation|integration|kswapd|oom|random|session|transmission/

const folder = cwd()
const order = (name: string) => `${SLOW.test(name) ? 1 : 0}${name}`
const tests = readdirSync(`${folder}/test`).filter((name) => name.endsWith(".test.ts"))
  .sort((a, b) => order(a) < order(b) ? -1 : 1)
writeFileSync(`${folder}/test/all.ts`, tests.map((name) => `import "./${name}"\n`).join(""))

// the lib's own name stands for the copy that Stryker has changed
const { exports, name } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as {
  readonly name: string
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}
const alias = Object.entries(exports).flatMap(([path, target]) =>
  typeof target === "string"
    ? []
    : [{ find: new RegExp(`^${name}${path.slice(1)}$`), replacement: `${folder}/${target["@swaplab/source"]}` }]
)

export default defineConfig(async () => {
  await build({
    configFile: false,
    logLevel: "error",
    root: folder,
    resolve: { alias, conditions: ["@swaplab/source"] },
    ssr: { noExternal: true, external: ["vitest"], target: "node", resolve: { conditions: ["@swaplab/source"] } },
    build: {
      ssr: "test/all.ts",
      // beside the tests: paths that they make from their own hold there, too
      outDir: "bundled",
      target: "node20",
      minify: false,
      reportCompressedSize: false,
      rollupOptions: { output: { format: "es", entryFileNames: "all.mjs", inlineDynamicImports: true } }
    }
  })
  return { test: { include: ["bundled/all.mjs"], testTimeout: 600_000, hookTimeout: 600_000 } }
})
