// The room of the page with the emulator in it, in a real browser: runs come out as at a terminal, and what is done by hand can be
// saved and linked.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { launch, left, note, openPage, widths } from "../src/chromium.ts"
import { fileWith, root, swaplab } from "../src/command.ts"
import { small, withLateClient } from "../src/scenarios.ts"

const URL = `file://${join(root, "apps/dashboard/bundle/swaplab.html")}`

/** Cheap scenarios; test/same-hash.test.ts has more. */
const SCENARIOS: ReadonlyArray<readonly [name: string, text: string]> = [
  ["SLAB with the series", small()],
  [
    "loss, and a card that gathers",
    small("lan: { loss: 0.1 % }").replace("cpus: 1", "cpus: 2\n    nic: { driver: e1000 }")
  ],
  ["a cable that is pulled", small("faults: [{ what: down, where: client-1, at: 10 ms, for: 300 ms }]")]
]

/** Outcome and fingerprint of the one run of a scenario, at a terminal. */
const atTerminal = async (text: string): Promise<string> => {
  const { stdout } = await swaplab(["run", fileWith(text), "--json"])
  const { runs: [{ fingerprint, outcome }] } = JSON.parse(stdout) as {
    runs: ReadonlyArray<{ readonly fingerprint: string; readonly outcome: string }>
  }
  return `${outcome}. Fingerprint ${fingerprint}`
}

const clock = (page: Page) => page.getByRole("status").filter({ hasText: / ms| s/ })

/** Takes a scenario, runs it as fast as it goes, and returns what is said of its end. */
const inPage = async (page: Page, text: string): Promise<string> => {
  await page.getByRole("textbox", { name: "a scenario (YAML)" }).fill(text)
  await page.getByRole("button", { name: "Take it" }).click()
  return await toTheEnd(page)
}

const toTheEnd = async (page: Page): Promise<string> => {
  await page.getByLabel("Speed").selectOption("as fast as it goes")
  await page.getByRole("button", { name: "Run" }).click()
  await clock(page).filter({ hasText: "Fingerprint" }).waitFor()
  return /: (.*), \d+ events/.exec(await clock(page).textContent() ?? "")?.[1] ?? ""
}

describe.skipIf(left)(`the room in Chromium${note}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  const open = async () => {
    const watched = await openPage(browser, { viewport: { width: 1280, height: 1000 } })
    await watched.page.goto(`${URL}#room`)
    await watched.page.getByText("Your own scenario").click()
    return watched
  }

  it("runs come out as at a terminal, to the last event", async () => {
    const { page, told } = await open()
    for (const [name, text] of SCENARIOS) {
      expect(await inPage(page, text), name).toBe(await atTerminal(text))
    }
    expect(told).toEqual([])
    await page.close()
  })

  it("a client is looked at, time goes back, and a mistake is told with its place", async () => {
    const { page } = await open()
    await inPage(page, withLateClient())
    await page.getByRole("button", { name: /^client-1/ }).click()
    await page.getByRole("region", { name: "client-1, closely" }).waitFor()
    const slider = page.getByRole("slider", { name: "Time" })
    const later = await page.getByRole("button", { name: /^client-1/ }).textContent()
    expect(later).toContain("finished")
    await slider.fill("1")
    await page.getByRole("button", { name: /^client-1/ }).filter({ hasText: /works|swaps/ }).waitFor()
    await page.setViewportSize({ width: 360, height: 740 })
    const { inner, scroll } = await widths(page)
    expect(scroll).toBeLessThanOrEqual(inner)
    await page.getByRole("textbox", { name: "a scenario (YAML)" }).fill(small().replace("8 MiB", "8 MB/s"))
    await page.getByRole("button", { name: "Take it" }).click()
    expect(await page.getByRole("alert").textContent()).toMatch(/^my\.yaml:\d+:\d+: clients\[0\]\.ram: got "8 MB\/s"/)
    await page.close()
  })

  it("what is done by hand is kept: saved as a scenario and opened as a link it is the same run", async () => {
    const { page } = await open()
    await page.getByRole("textbox", { name: "a scenario (YAML)" }).fill(small())
    await page.getByRole("button", { name: "Take it" }).click()
    for (let step = 1; step <= 3; step++) {
      await page.getByRole("button", { name: "Step 1 ms" }).click()
      await clock(page).filter({ hasText: `${step}.0 ms` }).waitFor()
    }
    await page.getByRole("button", { name: "Restart server" }).click()
    await page.getByText("3.0 ms: restart at server").waitFor()
    await page.getByRole("button", { name: "Step 1 ms" }).click()
    await clock(page).filter({ hasText: "4.0 ms" }).waitFor()
    await page.getByRole("combobox", { name: "Sysctl" }).selectOption("vm.min_free_kbytes")
    await page.getByRole("spinbutton", { name: "Value" }).fill("1024")
    await page.getByRole("button", { name: "Write it on client-1" }).click()
    await page.getByText("4.0 ms: sysctl vm.min_free_kbytes = 1024 at client-1").waitFor()
    await page.getByRole("combobox", { name: "Patch" }).selectOption("throttle")
    await page.getByRole("button", { name: "Take out of client-1" }).click()
    await page.getByText("4.0 ms: patch throttle off at client-1").waitFor()
    await page.getByRole("list", { name: "faults" }).getByText(/vm\.min_free_kbytes = 1024 at client-1/).waitFor()
    const byHand = await toTheEnd(page)
    expect(byHand).not.toBe(await atTerminal(small()))
    const download = page.waitForEvent("download")
    await page.getByRole("button", { name: "Save as a scenario" }).click()
    const saved = readFileSync(await (await download).path(), "utf8")
    expect(await atTerminal(saved)).toBe(byHand)
    await page.getByRole("button", { name: "Make a link" }).click()
    await page.getByText("The address of this page is now the link").waitFor()
    const linked = page.url()
    const { asked, page: other } = await openPage(browser)
    await other.goto(linked)
    expect(await toTheEnd(other)).toBe(byHand)
    expect(asked.filter((url) => !url.startsWith("blob:"))).toEqual([URL])
    await other.goto(`${URL}#room=nonsense`)
    await other.reload()
    expect(await other.getByRole("alert").textContent()).toContain("this link cannot be read")
    await page.close()
    await other.close()
  })
})
