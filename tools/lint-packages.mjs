// @ts-check
// `node tools/lint-packages.mjs`, a part of `npm run lint`: packs every package as for a registry and has publint and
// "are the types wrong" look at each tarball: does every way to import it lead to a file, and to its types?
// The packages are ES modules alone, for Node 20 and bundlers. What does not concern those is left out by name below.
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { publint } from "publint"
import { formatMessage } from "publint/utils"
import { root } from "./src/workspace.mjs"

/** Ways to import that the packages do not offer: Node before 12.7, and `require` (of a module in Node before 20.19). */
const NOT_OFFERED = ["node10", "node16-cjs"]

/** What publint finds, as lines. @type {(data: Buffer) => Promise<ReadonlyArray<string>>} */
const publintOf = async (data) => {
  const tarball = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
  const { messages, pkg } = await publint({ pack: { tarball: /** @type {ArrayBuffer} */ (tarball) } })
  return messages.map((message) => `publint: ${formatMessage(message, pkg ?? {}) ?? message.code}`)
}

/** What is wrong with the types, as lines; a package without types, an app, has nothing to find. @type {(data: Buffer) => Promise<ReadonlyArray<string>>} */
const attwOf = async (data) => {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(data)))
  if (!result.types) return []
  return result.problems.filter((problem) =>
    !("resolutionKind" in problem && NOT_OFFERED.includes(problem.resolutionKind))
  ).map((problem) => `types: ${problem.kind} ${JSON.stringify(problem)}`)
}

const folder = mkdtempSync(join(tmpdir(), "swaplab-lint-"))
let found = 0
try {
  execFileSync(process.execPath, [join(root, "tools/pack.mjs"), folder], { stdio: ["ignore", "ignore", "inherit"] })
  const names = readdirSync(folder).sort()
  for (const name of names) {
    const data = readFileSync(join(folder, name))
    for (const line of [...await publintOf(data), ...await attwOf(data)]) {
      console.log(`${name}: ${line}`)
      found++
    }
  }
  console.log(`${names.length} packages, ${found} findings`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = found === 0 ? 0 : 1
