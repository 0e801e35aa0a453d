// What must hold for every file of the repository.
import { existsSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, it } from "vitest"
import { projects } from "../src/floors.mjs"
import { files, read, root, workspaces } from "../src/workspace.mjs"

const all = files()
const sources = all.filter((path) => /\.(ts|tsx|mts|mjs|js)$/.test(path))
const libSources = sources.filter((path) => /^libs\/[^/]+\/src\//.test(path))
const libs = projects.filter(({ folder }) => folder.startsWith("libs/"))

/** The code without comments, line numbers kept. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, "")).replace(/(^|[^:"'`])\/\/[^\n]*/g, "$1")

/** Every line of these files that matches, as "path:line: text". */
const matches = (paths: ReadonlyArray<string>, pattern: RegExp, text: (path: string) => string = read): Array<string> =>
  paths.flatMap((path) =>
    text(path).split("\n").flatMap((line, i) => pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])
  )

describe("simulations depend on nothing but their scenario and seed", () => {
  it.each([
    ["the clock of the host", /\bDate\.now\b|\bnew Date\b|\bperformance\.now\b|\bhrtime\b/],
    ["chance", /\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b|\brandomBytes\b|\brandomInt\b/],
    ["timers of the host", /\b(setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)\b/],
    ["promises", /\bPromise\b|\basync (function|\()|\bawait\s+[\w(]/],
    ["Effect.never, which keeps a real timer", /\bEffect\.never\b/],
    // engines differ in the last bits of any other power; lint looks for the functions of Math
    ["power of anything but 2 and KIB", /(?<!\b(2|KIB) )\*\*/]
  ])("no %s in libs/*/src", (_what, pattern) => {
    expect(matches(libSources, pattern, (path) => withoutComments(read(path)))).toEqual([])
  })
})

describe("style", () => {
  it("no switched-off checks, no tests left out by hand (lint looks for any)", () => {
    const switches = [
      "@ts-" + "ignore",
      "@ts-" + "expect-error",
      "@ts-" + "nocheck",
      "lint-" + "disable",
      "v8 " + "ignore"
    ]
    expect(matches(sources, new RegExp(switches.join("|")))).toEqual([])
    expect(matches(sources, /\b(it|test|describe)\.(skip|only|todo|fails)\b/)).toEqual([])
  })

  it("no file of a lib is longer than 350 lines", () => {
    const long = libSources.map((path) => `${path}: ${read(path).split("\n").length - 1}`)
      .filter((entry) => Number(entry.split(": ")[1]) > 350)
    expect(long).toEqual([])
  })

  it("index.ts is a contents page: comments and re-exports, nothing else", () => {
    const wordy = libs.filter(({ folder }) =>
      withoutComments(read(`${folder}/src/index.ts`))
        .replace(/export (type )?(\*( as \w+)?|\{[^}]*\}) from "[^"]+"/g, "").trim() !== ""
    ).map(({ name }) => name)
    expect(wordy).toEqual([])
  })

  it("nothing refers to a place outside of the repository", () => {
    const text = all.filter((path) => !/\.(png|jpg|gif|ico|woff2?|gz|msgpack)$/.test(path))
    expect(matches(text, new RegExp("(^|[^\\w.])/" + "work/|\\.\\./" + "shared"))).toEqual([])
  })

  it("nothing is left to do in the sources", () => {
    expect(matches(sources, new RegExp("\\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b"))).toEqual([])
  })
})

describe.each(libs)("libs/$name", ({ folder }) => {
  const own = all.filter((path) => path.startsWith(`${folder}/`))
  it("has a README, a contents page, tests, a tested README example and a benchmark", () => {
    const missing = [
      ["README.md", own.includes(`${folder}/README.md`)],
      ["src/index.ts", own.includes(`${folder}/src/index.ts`)],
      ["a test", own.some((path) => /\/test\/.*\.test\.ts$/.test(path))],
      ["test/readme.test.ts", own.includes(`${folder}/test/readme.test.ts`)],
      ["a benchmark", own.some((path) => /\/bench\/.*\.ts$/.test(path))]
    ].filter(([, there]) => there !== true).map(([what]) => what)
    expect(missing).toEqual([])
  })
})

describe("commands in the documents", () => {
  const documents = all.filter((path) => path.endsWith(".md"))
  const scripts = JSON.parse(read("package.json")).scripts as Record<string, string>
  const commands = documents.flatMap((path) =>
    [...read(path).matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```/gm)].flatMap(([, block]) =>
      block.replaceAll("\\\n", " ").split("\n").flatMap((line) => line.replace(/^\$ /, "").split(/&&|;/)).map((
        line
      ) => ({
        path,
        command: line.replace(/(^|\s)#.*$/, "").trim()
      })).filter(({ command }) => command !== "")
    )
  )

  it("there are some", () => {
    expect(commands.length).toBeGreaterThan(0)
  })

  it("npm run names a script of package.json", () => {
    const names = commands.flatMap(({ command, path }) => {
      const name = /^npm (?:run |run-script )([\w:-]+)/.exec(command)?.[1] ?? /^npm (start|test)\b/.exec(command)?.[1]
      return name === undefined || scripts[name] !== undefined ? [] : [`${path}: ${command}`]
    })
    expect(names).toEqual([])
  })

  it("node and the shell are given files that exist, or that the build makes of one that exists", () => {
    const absent = commands.flatMap(({ command, path }) => {
      const file = /^(?:node (?:-\S+ )*|bash |sh |\.\/)([\w./@-]+\.(?:m?js|sh)|\.ci\/\S+)/.exec(command)?.[1]
      if (file === undefined) return []
      const source = file.replace(/(^|\/)out-tsc\/spec\//, "$1").replace("/dist/", "/src/").replace(/\.js$/, ".ts")
      const places = [root, join(root, dirname(path))].flatMap((folder) => [join(folder, file), join(folder, source)])
      return places.some((place) => existsSync(place)) ? [] : [`${path}: ${command}`]
    })
    expect(absent).toEqual([])
  })

  it("scenarios exist, unless the document itself makes them", () => {
    const absent = commands.flatMap(({ command, path }) =>
      [...command.matchAll(/\bscenarios\/[\w./-]+\.ya?ml\b/g)].map(([file]) => file)
        .filter((file) => !existsSync(join(root, file)) && !read(path).includes(`> ${file}`))
        .map((file) => `${path}: ${file}`)
    )
    expect(absent).toEqual([])
  })

  it("every figure in docs/benchmarks.md has the command beside it that measures it", () => {
    if (!all.includes("docs/benchmarks.md")) return
    const sections = read("docs/benchmarks.md").split(/^## /m).slice(1)
    const bare = sections.filter((section) =>
      /\|[^|\n]*\d[^|\n]*\|/.test(section) && !/```(sh|bash|console)\n/.test(section)
    )
    expect(bare.map((section) => section.split("\n")[0])).toEqual([])
  })
})

describe("the workspace", () => {
  it("has only these things at the top", () => {
    const top = new Set(all.map((path) => path.split("/")[0]))
    const known = [
      "apps",
      "libs",
      "tools",
      "e2e",
      "scenarios",
      "docs",
      "examples",
      "CHANGELOG.md",
      "README.md",
      "CONTRIBUTING.md",
      "LICENSE"
    ]
    const config = [
      "package.json",
      "package-lock.json",
      "nx.json",
      "dprint.json",
      "knip.json",
      "vitest.shared.ts",
      "vitest.config.ts"
    ]
    const odd = [...top].filter((name) =>
      !known.includes(name) && !config.includes(name) && !name.startsWith(".") && !/^tsconfig(\.\w+)?\.json$/.test(name)
    )
    expect(odd).toEqual([])
  })

  it("every project is linted, type-checked and tested", () => {
    const lacking = workspaces().flatMap(({ folder, scripts }) =>
      ["lint", "typecheck"].filter((name) => scripts[name] === undefined).map((name) => `${folder}: ${name}`)
        .concat(scripts["test"] === undefined && scripts["e2e"] === undefined ? [`${folder}: test`] : [])
    )
    expect(lacking).toEqual([])
  })

  it("dependencies are pinned to one version each", () => {
    const loose = workspaces().map(({ folder }) => `${folder}/package.json`).concat("package.json").flatMap((path) => {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(read(path)) as Record<
        string,
        Record<string, string>
      >
      return Object.entries({ ...dependencies, ...devDependencies })
        .filter(([name, version]) => name.startsWith("@swaplab/") ? version !== "*" : !/^\d+\.\d+\.\d+$/.test(version))
        .map(([name, version]) => `${path}: ${name} ${version}`)
    })
    expect(loose).toEqual([])
  })

  it(".ci/run can be executed", () => {
    expect(statSync(join(root, ".ci/run")).mode & 0o111).not.toBe(0)
  })
})
