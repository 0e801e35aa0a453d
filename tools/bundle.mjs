// @ts-check
// Puts a built app and all that it imports into a few modules: `node tools/bundle.mjs apps/nbd-server` reads dist/main.js
// and writes bundle/main.js. Node then opens a dozen files instead of some 700, and only what is used of each library.
import { resolve } from "node:path"
import { argv } from "node:process"
import { build } from "vite"

const app = resolve(argv[2])

await build({
  configFile: false,
  logLevel: "error",
  root: app,
  // Node's own modules stay outside, everything else goes in
  ssr: { noExternal: true, target: "node" },
  build: {
    ssr: "dist/main.js",
    // beside dist: the app finds its package.json one folder up
    outDir: "bundle",
    emptyOutDir: true,
    target: "node20",
    minify: false,
    reportCompressedSize: false,
    rollupOptions: { output: { format: "es", entryFileNames: "main.js", chunkFileNames: "[name]-[hash].js" } }
  }
})
