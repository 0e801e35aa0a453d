import { execFileSync, spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, normalize } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import {
  dependenciesOf,
  oxlintConfig,
  packageOf,
  projects,
  published,
  referencesOf,
  rootReferences,
  sideways,
  sourcesOf
} from "../src/floors.mjs"
import { files, read, root } from "../src/workspace.mjs"

const json = (path: string): Record<string, unknown> => JSON.parse(read(path))
const floorOf = new Map(projects.map(({ floor, name }) => [name, floor]))
const isAllowed = (from: string, to: string): boolean =>
  from === to || projects.some(({ imports, name }) => name === from && imports.includes(to))

describe("the table", () => {
  it("lets imports point down, or sideways where that is listed", () => {
    const edges = projects.flatMap(({ floor, imports, name }) => imports.map((to) => ({ name, floor, to })))
    const notDown = edges.filter(({ floor, to }) => floorOf.get(to)! >= floor).map(({ name, to }) => `${name} → ${to}`)
    expect(notDown.sort()).toEqual([...sideways].sort())
    for (const edge of sideways) {
      const [from, to] = edge.split(" → ")
      expect(floorOf.get(from)).toBe(floorOf.get(to))
    }
  })

  it("has no circle: each project imports only what stands above it in the table", () => {
    const order = projects.map(({ name }) => name)
    for (const { imports, name } of projects) {
      for (const to of imports) expect(order.indexOf(to), `${name} → ${to}`).toBeLessThan(order.indexOf(name))
    }
  })

  it("names every folder of libs and apps", () => {
    const folders = ["libs", "apps"].flatMap((top) => readdirSync(join(root, top)).map((name) => `${top}/${name}`))
    expect(projects.map(({ folder }) => folder).sort()).toEqual(folders.sort())
  })
})

describe("what follows from it (npm run generate)", () => {
  it.each(projects)("$name: dependencies, references and tag", (project) => {
    const manifest = json(`${project.folder}/package.json`) as {
      name: string
      dependencies?: Record<string, string>
      nx: { tags: ReadonlyArray<string> }
    }
    const workspaceDependencies = Object.entries(manifest.dependencies ?? {}).filter(([name]) =>
      name.startsWith("@swaplab/")
    )
    expect(Object.fromEntries(workspaceDependencies)).toEqual(dependenciesOf(project))
    expect(manifest.name).toBe(packageOf(project.name))
    expect(manifest.nx.tags).toEqual([`floor:${project.floor}`])
    expect(manifest).toMatchObject({ ...published(project), ...sourcesOf(project) })
    for (const kind of ["lib", "spec"] as const) {
      expect(json(`${project.folder}/tsconfig.${kind}.json`)["references"]).toEqual(referencesOf(project, kind))
    }
  })

  it(".oxlintrc.json and the references of the root", () => {
    expect(json(".oxlintrc.json")).toEqual(oxlintConfig())
    expect(json("tsconfig.json")["references"]).toEqual(rootReferences())
  })
})

describe("the lint step", () => {
  const scratch = mkdtempSync(join(tmpdir(), "floors-"))
  afterAll(() => rmSync(scratch, { recursive: true }))
  cpSync(join(root, ".oxlintrc.json"), join(scratch, ".oxlintrc.json"))

  /** Writes files below a copy of the configuration, lints them, and returns those with an error of the rule. */
  const rejected = (
    sources: Readonly<Record<string, string>>,
    rule = "no-restricted-imports"
  ): Array<string> => {
    for (const [path, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(scratch, path)), { recursive: true })
      writeFileSync(join(scratch, path), text)
    }
    const { stdout } = spawnSync(
      join(root, "node_modules/.bin/oxlint"),
      ["--config", ".oxlintrc.json", "--format", "json", ...Object.keys(sources)],
      { cwd: scratch, encoding: "utf8", maxBuffer: 1 << 26 }
    )
    const { diagnostics } = JSON.parse(stdout) as {
      diagnostics: ReadonlyArray<{ code: string; filename: string; severity: string }>
    }
    return [
      ...new Set(
        diagnostics.filter(({ code, severity }) => code.includes(rule) && severity === "error")
          .map(({ filename }) => filename)
      )
    ].sort()
  }

  it("rejects an upward import: libs/sim may not import @swaplab/kernel", () => {
    expect(rejected({
      "libs/sim/src/upward.ts": `import { bootClient } from "@swaplab/kernel"\nexport const boot = bootClient\n`,
      "libs/sim/src/fine.ts": `import { Effect } from "effect"\nexport const nothing = Effect.void\n`
    })).toEqual(["libs/sim/src/upward.ts"])
  })

  it("accepts of all imports between two projects exactly those of the table, in sources, tests and benchmarks", () => {
    const sources: Record<string, string> = {}
    const forbidden: Array<string> = []
    for (const { folder, name: from } of projects) {
      for (const { name: to } of projects) {
        for (const place of ["src/deep", "test", "bench"]) {
          const path = `${folder}/${place}/to-${to}.ts`
          sources[path] = `import * as it from "${packageOf(to)}"\nexport const a = it\n`
          if (!isAllowed(from, to)) forbidden.push(path)
        }
      }
    }
    expect(rejected(sources)).toEqual(forbidden.sort())
  })

  it.each([
    ["a type", `import type { Kernel } from "@swaplab/kernel"\nexport type A = Kernel\n`],
    ["a re-export", `export { Kernel } from "@swaplab/kernel"\n`],
    ["a file inside another lib", `export { Zone } from "@swaplab/kernel/src/index.ts"\n`],
    ["a relative path into another lib", `export { Zone } from "../../../libs/kernel/src/index.ts"\n`]
  ])("rejects %s, too", (_what, source) => {
    const path = `libs/lan/src/${_what.replaceAll(" ", "-")}.ts`
    expect(rejected({ [path]: source })).toEqual([path])
  })

  it("rejects a circle of values, and lets types refer to each other", () => {
    const [a, b] = ["libs/lan/src/a.ts", "libs/lan/src/b.ts"]
    const first =
      `import { b } from "./b.ts"\nexport interface A { readonly n: number }\nexport const a = (): A => b()\n`
    const typed = `import type { A } from "./a.ts"\nexport const b = (): A => ({ n: 1 })\n`
    expect(rejected({ [a]: first, [b]: typed }, "no-cycle")).toEqual([])
    const valued = `import { a } from "./a.ts"\nexport const b = (): { n: number } => a()\n`
    expect(rejected({ [a]: first, [b]: valued }, "no-cycle")).toEqual([a, b])
  })

  it("lets a subpath be imported that the lib exports: @swaplab/nbd/wire, and no other file of it", () => {
    expect(rejected({
      "libs/nbd-driver/src/wire.ts": `export { Request } from "@swaplab/nbd/wire"\n`,
      "libs/nbd-driver/src/inside.ts": `export { Request } from "@swaplab/nbd/wire/request.ts"\n`,
      "libs/nbd-driver/src/engine.ts": `export { Transmission } from "@swaplab/nbd/server"\n`,
      "libs/lan/src/wire.ts": `export { Request } from "@swaplab/nbd/wire"\n`
    })).toEqual(["libs/lan/src/wire.ts", "libs/nbd-driver/src/engine.ts", "libs/nbd-driver/src/inside.ts"])
  })

  it("rejects functions of Math that differ between engines in libs, not in their tests, and lets sqrt pass", () => {
    const source = (name: string): string => `export const f = (x: number): number => Math.${name}(x)\n`
    expect(rejected({
      "libs/lan/src/chance.ts": source("log"),
      "libs/lan/src/deep/wave.ts": source("sin"),
      "libs/lan/src/root.ts": source("sqrt"),
      "libs/lan/test/chance.ts": source("log")
    }, "no-restricted-properties")).toEqual(["libs/lan/src/chance.ts", "libs/lan/src/deep/wave.ts"])
  })

  it("rejects any, and comments that switch the type check off", () => {
    const path = "libs/lan/src/untyped.ts"
    expect(rejected({ [path]: "export const f = (x: an" + "y): an" + "y => x\n" }, "no-explicit-any")).toEqual([path])
    expect(rejected({ [path]: "// @ts-" + "ignore\nexport const a = 1\n" }, "ban-ts-comment")).toEqual([path])
  })
})

describe("what is really imported", () => {
  const imports = files().filter((path) => /^(libs|apps|tools|e2e)\/.*\.(ts|mts|tsx|mjs)$/.test(path)).flatMap((path) =>
    [...read(path).matchAll(/^(?:import|export)\b(?:[^"'`;]*?\bfrom)? "([^"\n]+)"|\bimport\("([^"\n]+)"\)/gm)].map((
      [, named, dynamic]
    ) => ({ path, target: named ?? dynamic }))
  )

  it("finds imports at all", () => {
    expect(imports.length).toBeGreaterThan(50)
  })

  it("comes from the project itself when the path is relative", () => {
    const strays = imports.filter(({ path, target }) => {
      if (!target.startsWith(".") || path.endsWith("vitest.config.ts")) return false
      // only in a clone, where tools is there
      if (/^apps\/[^/]+\/bin\//.test(path) && target === "../../../tools/src/build-first.mjs") return false
      const home = path.split("/").slice(0, /^(libs|apps)\//.test(path) ? 2 : 1).join("/")
      return !normalize(join(dirname(path), target)).startsWith(`${home}/`)
    })
    expect(strays).toEqual([])
  })

  it("of the codec of nbd is the codec itself only", () => {
    const wire = imports.filter(({ path }) => path.startsWith("libs/nbd/src/wire/"))
    expect(wire.length).toBeGreaterThan(10)
    expect(wire.filter(({ target }) => !/^\.\/[a-z-]+\.ts$/.test(target))).toEqual([])
  })

  it("is declared in the package.json of the lib, exactly pinned", () => {
    const undeclared = imports.filter(({ path, target }) => {
      if (!/^(libs|apps)\/[^/]+\/src\//.test(path) || target.startsWith(".") || target.startsWith("node:")) return false
      const name = target.split("/").slice(0, target.startsWith("@") ? 2 : 1).join("/")
      const { dependencies = {} } = json(`${path.split("/").slice(0, 2).join("/")}/package.json`) as {
        dependencies?: Record<string, string>
      }
      const version = dependencies[name]
      return version === undefined || !/^(\*|\d+\.\d+\.\d+)$/.test(version)
    })
    expect(undeclared).toEqual([])
  })
})

it("no edge of Nx's project graph points up, or sideways unless listed", () => {
  const file = join(mkdtempSync(join(tmpdir(), "graph-")), "graph.json")
  execFileSync(join(root, "node_modules/.bin/nx"), ["graph", `--file=${file}`], {
    cwd: root,
    env: { ...process.env, NX_DAEMON: "false", NX_NO_CLOUD: "true", NX_TUI: "false" },
    stdio: "ignore"
  })
  const { graph } = JSON.parse(readFileSync(file, "utf8")) as {
    graph: {
      nodes: Record<string, { data: { tags: ReadonlyArray<string> } }>
      dependencies: Record<string, ReadonlyArray<{ source: string; target: string }>>
    }
  }
  rmSync(dirname(file), { recursive: true })
  const floor = (name: string): number | undefined => {
    const tag = graph.nodes[name]?.data.tags.find((tag) => tag.startsWith("floor:"))
    return tag === undefined ? undefined : Number(tag.slice("floor:".length))
  }
  const short = (name: string): string => name.replace("@swaplab/", "")
  const edges = Object.values(graph.dependencies).flat().filter(({ source, target }) =>
    floor(source) !== undefined && floor(target) !== undefined
  )
  expect(edges.length).toBeGreaterThan(projects.length)
  const wrong = edges.filter(({ source, target }) =>
    floor(target)! >= floor(source)! && !sideways.includes(`${short(source)} → ${short(target)}`)
  )
  expect(wrong).toEqual([])
})
