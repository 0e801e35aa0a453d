#!/usr/bin/env node
// Starts the command swaplab-nbd-server. In a clone it is built first where that is due; a package has it built.
// What starts is a bundle: most of the start of an app is opening the 700 modules of its libraries. This file and the bundle are
// CommonJS: Node then loads no loader of ES modules, and V8 takes code that it has compiled before.
const { existsSync } = require("node:fs")
const { join } = require("node:path")

const config = join(__dirname, "../tsconfig.lib.json")
if (existsSync(config)) {
  void import("../../../tools/src/build-first.mjs").then(({ buildFirst }) => {
    if (buildFirst(config, "swaplab-nbd-server")) require("../bundle/main.cjs")
    else process.exitCode = 1
  })
} else require("../bundle/main.cjs")
