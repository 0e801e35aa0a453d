// Debian's Chromium. Tests that need it are left out where it is not installed; with SWAPLAB_REQUIRE_PEERS=1 (.ci/run) that is a
// failure.
import { existsSync } from "node:fs"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"

const CHROMIUM = "/usr/bin/chromium"

/** Whether tests with a browser are left out, and how their names say so. */
export const left = !existsSync(CHROMIUM) && process.env["SWAPLAB_REQUIRE_PEERS"] !== "1"
export const note = left ? " (not installed: chromium)" : ""

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] })

/** A page with all that it asks for, and all that it complains about: a script that its policy refuses, for example. */
export interface Watched {
  readonly page: Page
  readonly asked: Array<string>
  readonly told: Array<string>
}

export const openPage = async (browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> => {
  const page = await browser.newPage(options)
  const asked: Array<string> = []
  const told: Array<string> = []
  page.on("request", (request) => asked.push(request.url()))
  page.on("console", (message) => told.push(message.text()))
  page.on("pageerror", (error) => told.push(error.message))
  return { page, asked, told }
}

/** How wide the page is, and how wide its content: the same unless somebody must scroll sideways. */
export const widths = async (page: Page): Promise<{ readonly inner: number; readonly scroll: number }> =>
  await page.evaluate("({ inner: innerWidth, scroll: document.documentElement.scrollWidth })") as {
    readonly inner: number
    readonly scroll: number
  }
