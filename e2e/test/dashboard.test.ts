// The page with the emulator in it, in a real browser, opened from a disk.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { launch, left, note, openPage, widths } from "../src/chromium.ts"
import { root } from "../src/command.ts"

const FILE = join(root, "apps/dashboard/bundle/swaplab.html")
const URL = `file://${FILE}`

/** Compressed as a web server sends it. */
const MAX_GZIP_BYTES = 450 * 1024

it("the page is one file of at most 450 KiB, compressed", () => {
  const html = readFileSync(FILE)
  expect(gzipSync(html, { level: 9 }).length).toBeLessThanOrEqual(MAX_GZIP_BYTES)
  expect(html.toString().replace(/<script type="text\/plain"[^]*?<\/script>/, "")).not.toMatch(
    /\b(src|href)="(?!data:|#)/
  )
})

it("docs/benchmarks.md says how large the page is, to 3 %", () => {
  const document = readFileSync(join(root, "docs/benchmarks.md"), "utf8")
  const kib = Number(/the page, compressed +\| (\d+) KiB/.exec(document)?.[1])
  expect(Math.abs(gzipSync(readFileSync(FILE), { level: 9 }).length / 1024 / kib - 1)).toBeLessThan(0.03)
})

describe.skipIf(left)(`the page in Chromium${note}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  const step = (page: Page, title: string) => page.getByRole("heading", { level: 2, name: title }).waitFor()
  const settled = (page: Page) => page.getByRole("status").filter({ hasText: /^(Played|The clock stands)/ }).waitFor()

  it("The lockup in two minutes: from the first step to the frozen circle, and nothing is fetched or refused", async () => {
    const { asked, page, told } = await openPage(browser, {
      viewport: { width: 1280, height: 1000 },
      reducedMotion: "reduce"
    })
    await page.goto(URL)
    await page.getByRole("button", { name: "step 8: What the patches changed" }).waitFor()
    const without = page.getByRole("region", { name: "Linux 3.5, without the patches" })
    const withPatches = page.getByRole("region", { name: "Linux 3.6, with the patches" })
    expect(await without.textContent()).toContain("not started")
    const titles = [
      "Memory fills up",
      "To free a page, send a page",
      "The sender gets no page",
      "Left limps, right works",
      "Nothing moves any more",
      "The circle",
      "What the patches changed"
    ]
    for (const title of titles) {
      await page.keyboard.press("ArrowRight")
      await step(page, title)
      await settled(page)
      if (title === "The sender gets no page") {
        await without.getByText(/^.?nbd0 needs a page of memory/).waitFor()
        expect(await withPatches.getByText(/^.?nbd0 needs a page of memory/).count()).toBe(0)
      }
      expect(await page.getByRole("img", { name: "wait-for graph of client-1" }).count()).toBe(
        title === "The circle" ? 1 : 0
      )
    }
    expect(await without.textContent()).toContain("locked up, for ever")
    expect(await withPatches.textContent()).toContain("finished")
    // back, by the button, to a time before
    await page.getByRole("button", { name: "Back" }).click()
    await page.getByText("The same in words").click()
    await page.getByRole("listitem").filter({ hasText: "no way leads out" }).waitFor()
    await page.getByRole("button", { name: "step 2: Memory fills up" }).click()
    await settled(page)
    expect(await without.textContent()).toMatch(/running at 1\.\d ms/)
    expect(asked.filter((url) => !url.startsWith("blob:"))).toEqual([URL])
    expect(told).toEqual([])
    await page.close()
  })

  it("is played live, can be replayed, and fits a phone in the dark", async () => {
    const { page, told } = await openPage(browser, { viewport: { width: 360, height: 740 }, colorScheme: "dark" })
    await page.goto(URL)
    await page.getByRole("button", { name: "step 8: What the patches changed" }).waitFor()
    await page.getByRole("button", { name: "Next" }).click()
    await page.getByRole("status").filter({ hasText: /^Plays .* times slower/ }).waitFor()
    await page.getByRole("button", { name: "Replay" }).click()
    await page.getByRole("status").filter({ hasText: /^Plays/ }).waitFor()
    await page.getByRole("button", { name: "step 7: The circle" }).click()
    await settled(page)
    const { inner, scroll } = await widths(page)
    expect(scroll).toBeLessThanOrEqual(inner)
    const { ink, paper } = await page.evaluate(
      "(({ color, backgroundColor }) => ({ ink: color, paper: backgroundColor }))(getComputedStyle(document.body))"
    ) as { readonly ink: string; readonly paper: string }
    expect([ink, paper]).toEqual(["rgb(236, 236, 236)", "rgb(22, 22, 22)"])
    expect(told).toEqual([])
    await page.close()
  })

  it("every button has a name, and every picture says what it shows", async () => {
    const { page } = await openPage(browser)
    await page.goto(URL)
    await page.getByRole("button", { name: "step 8: What the patches changed" }).waitFor()
    const nameless = await page.evaluate(
      "[...document.querySelectorAll('button, svg, [role=meter]')].filter((e) => !(e.getAttribute('aria-label') || "
        + "e.textContent.trim() || e.closest('[aria-hidden]'))).length"
    )
    expect(nameless).toBe(0)
    await page.close()
  })
})
