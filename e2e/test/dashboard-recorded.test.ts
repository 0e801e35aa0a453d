// A result that a run has left, shown by the page in a real browser: chosen, dropped, refused, scrubbed, and run again from there.
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { launch, left, note, openPage, widths } from "../src/chromium.ts"
import { fileWith, main, root, scratch } from "../src/command.ts"
import { small } from "../src/scenarios.ts"

const URL = `file://${join(root, "apps/dashboard/bundle/swaplab.html")}`

/** Files of a run with two kernels. */
const resultOf = () => {
  const folder = join(scratch(), "out")
  const text = small("faults: [{ what: down, where: client-1, at: 50 ms, for: 100 ms }]\nseries: { interval: 10 ms }")
    .replace("kernels:\n", "kernels:\n  slub: { allocator: slub, base: v3.6 }\n")
  execFileSync(process.execPath, [main, "run", fileWith(text), "--out", folder])
  const { runs } = JSON.parse(readFileSync(join(folder, "result.json"), "utf8")) as {
    readonly runs: ReadonlyArray<{ readonly fingerprint: string; readonly kernel: string; readonly outcome: string }>
  }
  return { runs, folder, files: [join(folder, "result.json"), join(folder, "series.msgpack")] }
}

describe.skipIf(left)(`a recorded result in Chromium${note}`, () => {
  let browser: Browser
  let recorded: ReturnType<typeof resultOf>
  beforeAll(async () => {
    recorded = resultOf()
    browser = await launch()
  })
  afterAll(() => browser.close())

  const clock = (page: Page) => page.getByRole("status").filter({ hasText: / ms| s/ })
  const slider = (page: Page) => page.getByRole("slider", { name: "Time" })

  it("is scrubbed over its samples, played, and has each of its runs", async () => {
    const { asked, page, told } = await openPage(browser, { viewport: { width: 390, height: 844 } })
    await page.goto(URL)
    await page.getByRole("link", { name: "A recorded result" }).click()
    await page.getByLabel("Files").setInputFiles([...recorded.files])
    const tile = page.getByRole("button", { name: /^client-1/ })
    await tile.waitFor()
    await page.getByRole("list", { name: "faults" }).getByText(/client-1: 50\.0 ms to 150 ms/).waitFor()
    const [first, second] = recorded.runs
    await slider(page).fill("1000")
    await clock(page).filter({ hasText: `completed. Fingerprint ${first.fingerprint}` }).waitFor()
    expect(await tile.textContent()).toContain("finished")
    await page.getByRole("button", { name: "← Sample" }).click()
    await tile.filter({ hasText: /works|swaps/ }).waitFor()
    await slider(page).focus()
    await page.keyboard.press("Home")
    await clock(page).filter({ hasText: /^0\.0 ms/ }).waitFor()
    await page.getByRole("button", { name: "Sample →" }).click()
    await clock(page).filter({ hasText: /^10\.0 ms/ }).waitFor()
    await page.getByRole("img", { name: /^Pages swapped out, each second over time; now [1-9]/ }).waitFor()
    await page.getByLabel("Speed").selectOption("1,000 times faster than in reality")
    await page.getByRole("button", { name: "Play" }).click()
    await clock(page).filter({ hasText: first.fingerprint }).waitFor()
    await page.getByLabel("Run").selectOption(`${second.kernel}, seed 1: ${second.outcome}`)
    await clock(page).filter({ hasText: /^0\.0 ms/ }).waitFor()
    await slider(page).fill("1000")
    await clock(page).filter({ hasText: second.fingerprint }).waitFor()
    const { inner, scroll } = await widths(page)
    expect(scroll).toBeLessThanOrEqual(inner)
    expect(asked.filter((url) => !url.startsWith("blob:"))).toEqual([URL])
    expect(told).toEqual([])
    await page.close()
  })

  it("is the same run when it is made again in the page, from the moment that is shown", async () => {
    const { page } = await openPage(browser)
    await page.goto(`${URL}#recorded`)
    await page.getByLabel("A folder").setInputFiles(recorded.folder)
    await page.getByRole("button", { name: "Sample →" }).click()
    await clock(page).filter({ hasText: /^10\.0 ms/ }).waitFor()
    await page.getByRole("button", { name: "Run it again from here" }).click()
    await page.getByRole("heading", { level: 1, name: "A room" }).waitFor()
    await clock(page).filter({ hasText: /^10\.0 ms/ }).waitFor()
    await page.getByLabel("Speed").selectOption("as fast as it goes")
    await page.getByRole("button", { name: "Run" }).click()
    await clock(page).filter({ hasText: `Fingerprint ${recorded.runs[0].fingerprint}` }).waitFor()
    await page.goBack()
    await page.getByRole("heading", { level: 1, name: "A recorded result" }).waitFor()
    await page.close()
  })

  /** Drops files with these contents on the page. */
  const drop = (page: Page, files: ReadonlyArray<readonly [name: string, content: Buffer]>) =>
    page.evaluate(`(() => {
      const dataTransfer = new DataTransfer()
      for (const [name, base64] of ${JSON.stringify(files.map(([name, of]) => [name, of.toString("base64")]))}) {
        dataTransfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
      }
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }))
    })()`)

  it("is taken when it is dropped on any page, and anything else is told in one sentence", async () => {
    const { page, told } = await openPage(browser)
    await page.goto(URL)
    await page.getByRole("heading", { level: 1 }).first().waitFor()
    const [json, series] = recorded.files.map((file) => readFileSync(file))
    await drop(page, [["result.json", json], ["series.msgpack", series]])
    await page.getByRole("button", { name: /^client-1/ }).waitFor()
    const alert = page.getByRole("alert")
    for (
      const [files, words] of [
        [[["holiday.png", series]], "got holiday.png: expected result.json and series.msgpack as swaplab run --out"],
        [[["result.json", json]], "got result.json: expected result.json and series.msgpack"],
        [[["result.json", Buffer.from("no")], ["series.msgpack", series]], "result.json: is not JSON; expected"],
        [[["result.json", json], ["series.msgpack", json]], "series.msgpack: is no series of a result; expected"]
      ] as const
    ) {
      await drop(page, files)
      await alert.filter({ hasText: words }).waitFor()
      expect(await alert.count()).toBe(1)
      expect(await page.getByRole("button", { name: /^client-1/ }).count()).toBe(0)
    }
    await drop(page, [["mine.yaml", Buffer.from(small().replace("name: small", "name: dropped"))]])
    await page.getByRole("heading", { level: 1, name: "A room" }).waitFor()
    await page.getByRole("button", { name: /^client-1/ }).waitFor()
    expect(told).toEqual([])
    await page.close()
  })
})
