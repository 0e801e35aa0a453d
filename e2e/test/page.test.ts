// The page of --report in a real browser: it loads nothing, fits a wide and a narrow window, and prints. Left out where no
// Chromium is installed; with SWAPLAB_REQUIRE_PEERS=1 (.ci/run) that is a failure.
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"
import { expect, it } from "vitest"
import { root, swaplab } from "../src/command.ts"

const CHROMIUM = "/usr/bin/chromium"
const left = !existsSync(CHROMIUM) && process.env["SWAPLAB_REQUIRE_PEERS"] !== "1"

it.skipIf(left)(`a page opens from a file, and prints${left ? " (not installed: chromium)" : ""}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "swaplab-page-"))
  const file = join(folder, "made/quick.html")
  const { code } = await swaplab(["run", join(root, "scenarios/quick.yaml"), "--report", file])
  expect(code).toBe(0)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    const asked: Array<string> = []
    const told: Array<string> = []
    page.on("request", (request) => asked.push(request.url()))
    page.on("console", (message) => told.push(message.text()))
    page.on("pageerror", (error) => told.push(error.message))
    await page.goto(`file://${file}`)
    expect({ asked, told }).toEqual({ asked: [`file://${file}`], told: [] })
    expect(await page.title()).toBe("quick")
    expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual(
      expect.arrayContaining(["Outcomes", "Laws", "Made by"])
    )
    expect(await page.getByRole("img").count()).toBe(1)
    expect(await page.getByRole("rowheader", { name: "pswpout" }).count()).toBe(1)
    for (const width of [1280, 380]) {
      await page.setViewportSize({ width, height: 900 })
      const { inner, scroll } = await page.evaluate(
        "({ inner: innerWidth, scroll: document.documentElement.scrollWidth })"
      ) as { readonly inner: number; readonly scroll: number }
      expect(scroll, `at ${width} pixels`).toBeLessThanOrEqual(inner)
    }
    await page.pdf({ path: join(folder, "quick.pdf"), format: "A4" })
    expect(statSync(join(folder, "quick.pdf")).size).toBeGreaterThan(10_000)
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true })
  }
})
