// The pages of --report in a real browser: they load nothing, fit a wide and a narrow window, and print.
import { statSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "vitest"
import { launch, left, note, openPage, widths } from "../src/chromium.ts"
import { fileWith, root, scratch, swaplab } from "../src/command.ts"
import { small } from "../src/scenarios.ts"

/** A page: how it is made, and what has to be on it. */
interface Case {
  readonly words: ReadonlyArray<string>
  readonly title: string
  readonly headings: ReadonlyArray<string>
  readonly drawings: number
  readonly row: string
  /** The number at the top. */
  readonly number: string | null
}

const CASES: ReadonlyArray<Case> = [
  {
    words: ["run", join(root, "scenarios/quick.yaml")],
    title: "quick",
    headings: ["Outcomes", "Laws", "Made by"],
    drawings: 1,
    row: "pswpout",
    number: null
  },
  {
    // every run holds: two seeds are enough
    words: ["capacity", fileWith(small("slo: [elapsed < 100 s]")), "--to", "2", "--sure", "50%", "--holds", "60%"],
    title: "small: capacity",
    headings: ["How often a run holds", "What people feel", "A typical run: 2 clients", "Assumptions", "Made by"],
    drawings: 2,
    row: "elapsed < 100 s",
    number: "at least 2"
  },
  {
    words: ["sweep", fileWith(small()), "-x", "clients.0.count=1,2", "-y", "clients.0.ram=8MiB,12MiB", "--seeds", "1"],
    title: "small: sweep",
    headings: ["Charts", "Results (means over seeds)", "Assumptions", "Made by"],
    drawings: 4,
    row: "costs.touch",
    number: null
  }
]

it.skipIf(left)(`pages open from files, and print${note}`, async () => {
  const folder = scratch()
  const browser = await launch()
  try {
    for (const { drawings, headings, number, row, title, words } of CASES) {
      const file = join(folder, "made", `${words[0]}.html`)
      const { code, stderr } = await swaplab([...words, "--report", file])
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      const { asked, page, told } = await openPage(browser, { viewport: { width: 1280, height: 900 } })
      await page.goto(`file://${file}`)
      expect({ asked, told }).toEqual({ asked: [`file://${file}`], told: [] })
      expect(await page.title()).toBe(title)
      expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual(
        expect.arrayContaining([...headings])
      )
      expect(await page.getByRole("img").count()).toBe(drawings)
      expect(await page.getByRole("rowheader", { name: row }).count()).toBe(1)
      if (number !== null) expect(await page.getByText(number, { exact: true }).isVisible()).toBe(true)
      for (const width of [1280, 380]) {
        await page.setViewportSize({ width, height: 900 })
        const { inner, scroll } = await widths(page)
        expect(scroll, `${title} at ${width} pixels`).toBeLessThanOrEqual(inner)
      }
      const paper = join(folder, `${words[0]}.pdf`)
      await page.pdf({ path: paper, format: "A4" })
      expect(statSync(paper).size).toBeGreaterThan(10_000)
      await page.close()
    }
  } finally {
    await browser.close()
  }
})
