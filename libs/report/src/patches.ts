// The patches and the bases as tables for a terminal of 100 columns.
import type { BaseInfo, KernelPatches, Patch, PatchKind } from "@swaplab/cluster"
import { patchNumber } from "@swaplab/cluster"
import { fold, left, right, type Row, section, table, wrap } from "./table.ts"

const TITLES: ReadonlyArray<readonly [title: string, kinds: ReadonlyArray<PatchKind>]> = [
  ["The series as merged for Linux 3.6, and the stream fix", ["series", "stream-fix"]],
  ["What else came with 3.6", ["release"]],
  ["Older forms of the above", ["revision"]],
  ["Proposed in August 2007, never merged", ["alternative"]]
]

const MEANING_WIDTH = 52

const NUMBERED = [right("no."), left("name"), left("commit"), left("meaning")]
const NAMED = [left("name"), left("meaning")]

const textOf = ({ meaning, unverified }: Patch, width: number): ReadonlyArray<string> => [
  ...wrap(meaning.split(" "), width, ""),
  ...(unverified === "" ? [] : wrap(`not verified: ${unverified}`.split(" "), width, ""))
]

const rowsOf = (patch: Patch, numbered: boolean): ReadonlyArray<Row> =>
  textOf(patch, numbered ? MEANING_WIDTH : MEANING_WIDTH + 18).map((line, i) => {
    const commit = patch.commit + (patch.commitSeen ? "" : " *")
    const cells = numbered ? [patchNumber(patch), patch.name, commit] : [patch.name]
    return [...(i === 0 ? cells : cells.map(() => "")), line]
  })

/** Every patch given, by where it comes from. */
export const patchTables = (patches: ReadonlyArray<Patch>): ReadonlyArray<string> => {
  const starred = patches.some(({ commitSeen }) => !commitSeen)
  return [
    ...TITLES.flatMap(([title, kinds]) => {
      const numbered = kinds.includes("series")
      const rows = patches.filter(({ kind }) => kinds.includes(kind)).flatMap((patch) => rowsOf(patch, numbered))
      return rows.length === 0 ? [] : section(title, table(numbered ? NUMBERED : NAMED, rows))
    }),
    ...(starred ? ["* This commit id stood in no source that was read.", ""] : [])
  ]
}

/** Numbers of a series as ranges: 1-4, 7. */
const ranges = (numbers: ReadonlyArray<number>): string => {
  const parts: Array<string> = []
  for (let i = 0; i < numbers.length; i++) {
    const start = numbers[i]
    while (i + 1 < numbers.length && numbers[i + 1] === numbers[i] + 1) i++
    parts.push(start === numbers[i] ? String(start) : `${start}-${numbers[i]}`)
  }
  return parts.join(", ")
}

const contents = ({ patches }: BaseInfo, all: ReadonlyArray<Patch>): string => {
  const inside = all.filter(({ name }) => patches.includes(name))
  const numbered = ranges(inside.filter(({ number }) => number > 0).map(({ number }) => number))
  const named = inside.filter(({ number }) => number === 0).map(({ name }) => name)
  return [numbered, ...named].filter((part) => part !== "").join(", ") || "none"
}

/** Each base: what it is, what it contains, and what of it nobody could check. */
export const baseTable = (bases: ReadonlyArray<BaseInfo>, all: ReadonlyArray<Patch>): ReadonlyArray<string> =>
  section(
    bases.length === 1 ? "Base" : "Bases",
    bases.flatMap((base) => [
      `  ${base.name}: ${base.meaning}`,
      ...fold(`    contains: ${contents(base, all)}`),
      ...base.unverified.flatMap((text) => fold(`    not verified: ${text}`))
    ])
  )

/** For each kernel of a scenario what it contains and what of that changes nothing there. */
export const effectLines = (kernels: ReadonlyArray<KernelPatches>): ReadonlyArray<string> =>
  kernels.flatMap(({ allocator, kernel, name, patches }) => {
    const idle = patches.filter(({ noEffect }) => noEffect !== null)
    return section(
      `${name}: ${allocator}, ${kernel}`,
      idle.length === 0
        ? [patches.length === 0 ? "  contains no patch" : "  every patch in it may matter here"]
        : idle.flatMap(({ noEffect, patch }) => fold(`  ${patch} has no effect here: ${noEffect}`))
    )
  })
