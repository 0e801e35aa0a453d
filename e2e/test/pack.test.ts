// The packages, packed as for a registry; the apps are installed in an empty place, without a registry.
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { execute, fileWith, root, scratch } from "../src/command.ts"
import { small } from "../src/scenarios.ts"
import { MOST_KIB } from "../src/size-budget.ts"

const packages = scratch()
const prefix = scratch()
const packageOf = (file: string): string => file.replace(/-\d+\.\d+\.\d+\.tgz$/, "")

const isApp = (file: string): boolean => ["swaplab-swaplab", "swaplab-nbd-server"].includes(packageOf(file))
const OF_LIBS = /^package\/(src\/[\w/-]+\.ts|dist\/[\w/-]+\.(js|d\.ts)(\.map)?)$/
const OF_APPS =
  /^package\/(bin\/[\w-]+\.[cm]js|bundle\/([\w-]+\.c?js|licences\.txt|swaplab\.html)|man\/[\w.-]+\.[1-9]|systemd\/[\w.-]+)$/

const succeed = async (program: string, args: ReadonlyArray<string>, cwd: string): Promise<string> => {
  const { code, stderr, stdout } = await execute(program, args, { cwd })
  expect(code, `${program} ${args.join(" ")}\n${stderr}`).toBe(0)
  return stdout
}

beforeAll(async () => {
  await succeed(process.execPath, [join(root, "tools/pack.mjs"), packages], root)
})

describe("npm run pack", () => {
  it("makes one package of each lib and each app", () => {
    // the page is no package: it is one file
    const projects = ["libs", "apps"].flatMap((top) => readdirSync(join(root, top))).filter((name) =>
      name !== "dashboard"
    )
    expect(readdirSync(packages).map(packageOf).sort()).toEqual(projects.map((name) => `swaplab-${name}`).sort())
  })

  it("packs sources and what was built of them, of an app the bundle, and the licence, and no test", async () => {
    for (const file of readdirSync(packages)) {
      const paths = (await succeed("tar", ["-tzf", join(packages, file)], packages)).trim().split("\n")
      const odd = paths.filter((path) =>
        !/^package\/(CHANGELOG\.md|LICENSE|README\.md|package\.json)$/.test(path) &&
        !(isApp(file) ? OF_APPS : OF_LIBS).test(path)
      )
      expect(odd, file).toEqual([])
      expect(paths, file).toEqual(
        expect.arrayContaining(["package/CHANGELOG.md", "package/LICENSE", "package/README.md"])
      )
      const bins = paths.filter((path) => path.startsWith("package/bin/")).length
      expect(bins, file).toBe(isApp(file) ? 1 : 0)
      expect(paths.some((path) => /^package\/bundle\/main\.c?js$/.test(path)), file).toBe(isApp(file))
    }
  })

  it("keeps each within its budget of installed bytes", async () => {
    const sizes = await Promise.all(
      readdirSync(packages).map(async (file) => {
        const lines = (await succeed("tar", ["-tzvf", join(packages, file)], packages)).trim().split("\n")
        const bytes = lines.reduce((sum, line) => sum + Number(line.split(/ +/)[2]), 0)
        return [packageOf(file).slice("swaplab-".length), Math.ceil(bytes / 1024)] as const
      })
    )
    expect(sizes.map(([name]) => name).sort()).toEqual(Object.keys(MOST_KIB).sort())
    expect(sizes.filter(([name, kib]) => kib > MOST_KIB[name]!)).toEqual([])
    // a budget that is never nearly used is none
    expect(sizes.filter(([name, kib]) => kib < MOST_KIB[name]! / 2)).toEqual([])
  })

  it("names exact versions", async () => {
    for (const file of readdirSync(packages)) {
      const manifest = await succeed("tar", ["-xzOf", join(packages, file), "package/package.json"], packages)
      const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> }
      expect(Object.values(dependencies).filter((range) => !/^\d+\.\d+\.\d+$/.test(range)), file).toEqual([])
    }
  })
})

it("both commands work where nothing but their two packages is installed", async () => {
  const files = readdirSync(packages).filter(isApp).map((file) => join(packages, file))
  const install = [
    "install",
    "-g",
    "--prefix",
    prefix,
    "--offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund"
  ]
  await succeed("npm", [...install, ...files], prefix)
  const bin = (name: string): string => join(prefix, "bin", name)
  const file = fileWith(small())
  expect(await succeed(bin("swaplab"), ["validate", file], prefix)).toContain("valid")
  expect(await succeed(bin("swaplab"), ["run", file], prefix)).toContain("Fingerprints")
  expect(await succeed(bin("swaplab-nbd-server"), ["--help"], prefix)).toContain("swaplab-nbd-server")
})
