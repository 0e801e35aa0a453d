// The pages for somebody with a keyboard only, a screen reader, a phone, or a dark room.
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { faint, nameless, tabStops } from "../src/accessible.ts"
import { launch, left, note, openPage, widths } from "../src/chromium.ts"
import { fileWith, root, scratch, swaplab } from "../src/command.ts"
import { small } from "../src/scenarios.ts"

const URL = `file://${join(root, "apps/dashboard/bundle/swaplab.html")}`

/** Words of the states of a client; a tile has one of them. */
const STATES = /not started|works|swaps|stands still|locked up|dead|finished/

describe.skipIf(left)(`the pages for everybody, in Chromium${note}`, () => {
  let browser: Browser
  let recorded: string
  beforeAll(async () => {
    browser = await launch()
    recorded = join(scratch(), "out")
    const text = small("faults: [{ what: down, where: client-1, at: 50 ms, for: 100 ms }]\nseries: { interval: 10 ms }")
    await swaplab(["run", fileWith(text), "--out", recorded])
  })
  afterAll(() => browser.close())

  const clock = (page: Page) => page.getByRole("status").filter({ hasText: / ms| s/ })
  const tile = (page: Page) => page.getByRole("button", { name: /^client-1/ })

  /** Every page in a state in which all of its parts are there. */
  const PAGES: ReadonlyArray<readonly [name: string, open: (page: Page) => Promise<void>]> = [
    ["the two minutes", async (page) => {
      await page.goto(URL)
      await page.getByRole("button", { name: "step 7: The circle" }).click()
      await page.getByRole("status").filter({ hasText: /^(Played|The clock stands)/ }).waitFor()
    }],
    ["a room", async (page) => {
      await page.goto(`${URL}#room`)
      await page.getByText("Your own scenario").click()
      const text = small("faults: [{ what: down, where: client-1, at: 10 ms, for: 300 ms }]")
      await page.getByRole("textbox", { name: "a scenario (YAML)" }).fill(text)
      await page.getByRole("button", { name: "Take it" }).click()
      await page.getByLabel("Speed").selectOption("as fast as it goes")
      await page.getByRole("button", { name: "Run" }).click()
      await clock(page).filter({ hasText: "Fingerprint" }).waitFor()
      await tile(page).click()
      await page.getByRole("region", { name: "client-1, closely" }).waitFor()
    }],
    ["a recorded result", async (page) => {
      await page.goto(`${URL}#recorded`)
      await page.getByLabel("A folder").setInputFiles(recorded)
      await tile(page).waitFor()
    }]
  ]

  describe.each(PAGES)("%s", (_name, open) => {
    it.each(["light", "dark"] as const)(
      "%s: can be read, fits a phone, and a screen reader hears names",
      async (scheme) => {
        const { page, told } = await openPage(browser, {
          viewport: { width: 390, height: 844 },
          colorScheme: scheme,
          reducedMotion: "reduce"
        })
        await open(page)
        const { inner, scroll } = await widths(page)
        expect(scroll).toBeLessThanOrEqual(inner)
        expect(await nameless(page)).toEqual([])
        expect(await faint(page)).toEqual([])
        expect(told).toEqual([])
        await page.close()
      }
    )

    it("the Tab key stops at everything in reading order, and is seen to", async () => {
      const { page } = await openPage(browser, { viewport: { width: 1280, height: 1000 }, reducedMotion: "reduce" })
      await open(page)
      const { places, stops } = await tabStops(page)
      expect(places).toBeGreaterThan(5)
      expect(stops.map(({ place }) => place)).toEqual(Array.from({ length: places }, (_, i) => i))
      expect(stops.filter(({ outline }) => outline < 2)).toEqual([])
      await page.close()
    })
  })

  it("with keys alone: from the room to a client, through time, and back", async () => {
    const { page } = await openPage(browser)
    await PAGES[1][1](page)
    await page.getByRole("slider", { name: "Time" }).focus()
    await page.keyboard.press("Home")
    await clock(page).filter({ hasText: /^0\.0 ms/ }).waitFor()
    await page.keyboard.press("End")
    await clock(page).filter({ hasNotText: /^0\.0 ms/ }).filter({ hasNotText: "runs" }).waitFor()
    await page.keyboard.press("ArrowLeft")
    // the next stops are tiles; Enter looks at one
    let words = ""
    while (!words.startsWith("client-1")) {
      await page.keyboard.press("Tab")
      words = String(await page.evaluate("document.activeElement.textContent"))
    }
    await page.keyboard.press("Enter")
    const closely = page.getByRole("region", { name: "client-1, closely" })
    await closely.waitFor()
    expect(await page.evaluate("document.activeElement.getAttribute('aria-pressed')")).toBe("true")
    while (await page.evaluate("document.activeElement.type") !== "range") await page.keyboard.press("Shift+Tab")
    await page.close()
  })

  it("tells nothing by colour alone: a tile has its state in a word, a meter its share, a fault its words", async () => {
    const { page } = await openPage(browser)
    await PAGES[1][1](page)
    for (const words of await page.locator(".tile").allTextContents()) expect(words).toMatch(STATES)
    for (const words of await page.locator(".share").allTextContents()) expect(words).toMatch(/\d+ %$/)
    await page.getByRole("list", { name: "faults" }).getByText(/client-1: 10\.0 ms to/).waitFor()
    const boxes = await page.locator(".requests p").allTextContents()
    for (const words of boxes) expect(words).toMatch(/No request is under way|sent, no answer read yet/)
    await page.close()
  })
})
