// The examples, copied to an empty folder in which the packed packages are installed, and built there as a stranger would.
import { spawn } from "node:child_process"
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { execute, root, scratch } from "../src/command.ts"

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const packages = scratch()
const folder = scratch()
const tsc = join(folder, "node_modules/.bin/tsc")
const json = (path: string): Manifest => JSON.parse(readFileSync(path, "utf8"))
const examples = readdirSync(join(root, "examples"), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

const libs = readdirSync(join(root, "libs"))

const succeed = async (cwd: string, program: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const { code, stderr, stdout } = await execute(program, args, { cwd })
  expect(code, `${program} ${args.join(" ")}\n${stdout}${stderr}`).toBe(0)
  return stdout
}

const build = async (name: string): Promise<string> => {
  const cwd = join(folder, name)
  cpSync(join(root, "examples", name), cwd, { recursive: true })
  const missing = Object.keys(json(join(cwd, "package.json")).dependencies ?? {}).filter((dependency) =>
    !existsSync(join(folder, "node_modules", dependency))
  )
  expect(missing).toEqual([])
  await succeed(cwd, tsc)
  return cwd
}

// one folder for all: packages of swaplab from their tarballs, what these need as npm finds it
beforeAll(async () => {
  await succeed(root, process.execPath, "tools/pack.mjs", packages, ...libs)
  const { devDependencies } = json(join(root, "examples/page-alloc/package.json"))
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "examples", private: true, devDependencies }))
  const options = ["--no-save", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]
  await succeed(folder, "npm", "install", ...options, ...readdirSync(packages).map((file) => join(packages, file)))
})

it("names each example in its table", () => {
  const rows = readFileSync(join(root, "examples/README.md"), "utf8").matchAll(/^\| `([\w-]+)`/gm)
  expect([...rows].map(([, name]) => name).sort()).toEqual(examples.toSorted())
})

describe("an example outside of the workspace", () => {
  it("page-alloc: twenty lines that go down to min, with /proc/buddyinfo on the way", async () => {
    const out = await succeed(await build("page-alloc"), "node", "main.js")
    expect(out.match(/^Node 0, zone {4}DMA32( +\d+){11}/gm)).toHaveLength(2)
    expect(out).toMatch(/below min \(191 pages\): 190 free/)
    expect(out).toContain("page allocation failure: order:0, mode:0x20")
    expect(readFileSync(join(root, "examples/page-alloc/main.ts"), "utf8").trim().split("\n").length)
      .toBeLessThanOrEqual(20)
  })

  it("slab-and-slub: one trace on both", async () => {
    const out = await succeed(await build("slab-and-slub"), "node", "main.js")
    const rows = out.trim().split("\n").slice(1).map((line) => [...line.matchAll(/(\d+) objects.* in (\d+) pages/g)])
    expect(rows).toHaveLength(4)
    const figures = [...out.matchAll(/(\d+) objects, (\d+) pages of payload in (\d+) pages/g)].map(([, ...numbers]) =>
      numbers.map(Number)
    )
    expect(figures).toHaveLength(8)
    for (const [objects, payload, held] of figures) {
      expect(objects).toBeGreaterThan(900)
      expect(held).toBeGreaterThanOrEqual(payload!)
    }
  })

  it("two-machines: a cluster from code, with a workload and a fault of its own", async () => {
    const out = await succeed(await build("two-machines"), "node", "main.js")
    const seconds = [...out.matchAll(/completed, the program was usable again after ([\d.]+) s and ([\d.]+) s/g)]
      .map(([, first, second]) => Number(first) + Number(second))
    expect(seconds).toHaveLength(2)
    expect(seconds[1]).toBeGreaterThan(2 * seconds[0]!)
  })
})

const programs = ["nbdinfo", "nbdcopy"]
const missing = programs.filter((program) =>
  !(process.env["PATH"] ?? "").split(delimiter).some((path) => existsSync(join(path, program)))
)
const left = missing.length > 0 && process.env["SWAPLAB_REQUIRE_PEERS"] !== "1"
const title = "nbd-server: sixty lines that nbdinfo and nbdcopy talk to"

it.skipIf(left)(left ? `${title} (not installed: ${missing.join(", ")})` : title, async () => {
  const cwd = await build("nbd-server")
  expect(readFileSync(join(cwd, "main.ts"), "utf8").trim().split("\n").length).toBeLessThanOrEqual(60)
  const server = spawn(process.execPath, ["main.js"], { cwd, stdio: ["ignore", "pipe", "inherit"] })
  try {
    const [address] = await new Promise<[string]>((resolve, reject) => {
      server.stdout.setEncoding("utf8").once("data", (text: string) => resolve([text.trim()]))
      server.once("error", reject).once("exit", () => reject(new Error("the server has ended")))
    })
    expect(await succeed(cwd, "nbdinfo", address)).toContain("export-size: 16777216 (16M)")
    const data = Buffer.alloc(16 * 2 ** 20, Uint8Array.from({ length: 251 }, (_, i) => i))
    writeFileSync(join(cwd, "disk"), data)
    await succeed(cwd, "nbdcopy", "disk", address)
    await succeed(cwd, "nbdcopy", address, "back")
    expect(readFileSync(join(cwd, "back")).equals(data)).toBe(true)
  } finally {
    server.kill()
  }
})

it.each([["nodenext", "nodenext"], ["esnext", "bundler"]])(
  "the types of every package hold by themselves with module %s, resolved as by %s",
  async (module, resolution) => {
    const cwd = join(folder, resolution)
    cpSync(join(root, "examples/page-alloc"), cwd, { recursive: true })
    const imports = libs.map((name, i) => `import * as lib${i} from "@swaplab/${name}"\nvoid lib${i}\n`)
    writeFileSync(join(cwd, "main.ts"), `${imports.join("")}import "@swaplab/nbd/wire"\n`)
    await succeed(cwd, tsc, "--noEmit", "--module", module, "--moduleResolution", resolution)
  }
)
