#!/usr/bin/env node
// Starts the command swaplab-nbd-server. In a clone it is built first where that is due; a package has it built.
// What starts is a bundle: most of the start of an app is opening the 700 modules of its libraries.
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const config = fileURLToPath(new URL("../tsconfig.lib.json", import.meta.url))
const built = !existsSync(config) ||
  (await import("../../../tools/src/build-first.mjs")).buildFirst(config, "swaplab-nbd-server")
if (built) await import("../bundle/main.js")
else process.exitCode = 1
