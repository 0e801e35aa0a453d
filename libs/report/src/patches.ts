// The patches and the bases as tables.
import type { BaseInfo, KernelPatches, Patch, PatchKind } from "@swaplab/cluster"
import { patchNumber } from "@swaplab/cluster"
import { type Block, type Document, item, key, left, prose, right, type Row, section, table } from "./document.ts"

const TITLES: ReadonlyArray<readonly [title: string, kinds: ReadonlyArray<PatchKind>]> = [
  ["The series as merged for Linux 3.6, and the stream fix", ["series", "stream-fix"]],
  ["What else came with 3.6", ["release"]],
  ["Older forms of the above", ["revision"]],
  ["Proposed in August 2007, never merged", ["alternative"]],
  ["Changes of later kernels to what the series does", ["later"]]
]

const NUMBERED = [{ ...right("no."), use: "key" as const }, key("name"), left("commit"), prose("meaning")]
const NAMED = [key("name"), prose("meaning")]

const textOf = ({ meaning, unverified }: Patch): string =>
  unverified === "" ? meaning : `${meaning} Not verified: ${unverified}`

const rowOf = (patch: Patch, numbered: boolean): Row =>
  numbered
    ? [patchNumber(patch), patch.name, patch.commit + (patch.commitSeen ? "" : " *"), textOf(patch)]
    : [patch.name, textOf(patch)]

/** Every patch given, by where it comes from. */
export const patchTables = (patches: ReadonlyArray<Patch>): Document => {
  const starred = patches.some(({ commitSeen }) => !commitSeen)
  return [
    ...TITLES.flatMap(([title, kinds]) => {
      const numbered = kinds.includes("series")
      const rows = patches.filter(({ kind }) => kinds.includes(kind)).map((patch) => rowOf(patch, numbered))
      return rows.length === 0 ? [] : section(title, [table(numbered ? NUMBERED : NAMED, rows)])
    }),
    ...(starred ? section(null, [item("* This commit id stood in no source that was read.")]) : [])
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
export const baseTable = (bases: ReadonlyArray<BaseInfo>, all: ReadonlyArray<Patch>): Document =>
  section(
    bases.length === 1 ? "Base" : "Bases",
    bases.flatMap((base): ReadonlyArray<Block> => [
      item(`  ${base.name}: ${base.meaning}`),
      item(`    contains: ${contents(base, all)}`),
      ...base.unverified.map((text) => item(`    not verified: ${text}`))
    ])
  )

/** For each kernel of a scenario what it contains and what of that changes nothing there. */
export const effectLines = (kernels: ReadonlyArray<KernelPatches>): Document =>
  kernels.flatMap(({ allocator, kernel, name, patches }) => {
    const idle = patches.filter(({ noEffect }) => noEffect !== null)
    return section(
      `${name}: ${allocator}, ${kernel}`,
      idle.length === 0
        ? [item(patches.length === 0 ? "  contains no patch" : "  every patch in it may matter here")]
        : idle.map(({ noEffect, patch }) => item(`  ${patch} has no effect here: ${noEffect}`))
    )
  })
