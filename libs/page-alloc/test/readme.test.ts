// The example of README.md, as it stands there.
import { GFP_ATOMIC, GFP_KERNEL, NO_PAGE, PageAllocator, WOULD_SLEEP } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"
import { readFileSync } from "node:fs"
import { expect, it } from "vitest"

const example = (print: (...values: ReadonlyArray<unknown>) => void): void => {
  // example
  const pages = new PageAllocator(new Sim({ seed: 1 }), { memory: 64 * 2 ** 20, cpus: 1 })
  const task = { flags: 0, memdie: false, inInterrupt: false, servingSoftirq: false, cpu: 0, ns: 0 }
  const softirq = { ...task, inInterrupt: true, servingSoftirq: true }

  // a task takes pages until it would have to reclaim
  let user = 0
  while (pages.tryAlloc(task, GFP_KERNEL, 0) !== WOULD_SLEEP) user++
  // an interrupt handler may dig deeper before it fails
  let atomic = 0
  while (pages.tryAlloc(softirq, GFP_ATOMIC, 0) !== NO_PAGE) atomic++

  print(user, atomic, pages.zones[1].watermark.join("/"))
  print(pages.firstFailure?.message)
  print(pages.buddyinfo())
  // end
}

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

it("prints what README.md says", () => {
  const lines: Array<string> = []
  example((...values) => lines.push(values.join(" ")))
  // the formatter of README.md drops the space at the end of a line
  expect(readme.replaceAll(/ +$/gm, "")).toContain("```\n" + lines.join("\n").replaceAll(/ +$/gm, "") + "```")
})

it("is the code in README.md", () => {
  const source = readFileSync(new URL(import.meta.url), "utf8")
  const body = source.slice(source.indexOf("  // example\n") + "  // example\n".length, source.indexOf("  // end\n"))
  const code = body.replaceAll(/^ {2}/gm, "").replaceAll("print(", "console.log(")
  expect(readme).toContain(code)
})
