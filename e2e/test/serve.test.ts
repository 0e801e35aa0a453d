// A run of a command that a page shows and acts on: viewers, hands on, who is let in, and that it comes out as without anybody.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { launch, left, note, openPage, widths } from "../src/chromium.ts"
import { fileWith, scratch, swaplab } from "../src/command.ts"
import { small } from "../src/scenarios.ts"
import { ask, endServed, served } from "../src/served.ts"

afterEach(endServed)

interface Printed {
  readonly runs: ReadonlyArray<{ readonly fingerprint: string; readonly outcome: string }>
}

/** Outcome and fingerprint of the one run of a scenario that nobody looks at. */
const unwatched = async (file: string): Promise<string> => {
  const { stdout } = await swaplab(["run", file, "--json"])
  const { runs: [{ fingerprint, outcome }] } = JSON.parse(stdout) as Printed
  return `${outcome}. Fingerprint ${fingerprint}`
}

describe("who is let in", () => {
  it("the machine itself by its own names, and no page of another site", async () => {
    const { end, url } = await served(["serve", fileWith(small())])
    const host = new URL(url).host
    const { port } = new URL(url)
    expect(await ask(url)).toMatchObject({ status: 200, text: expect.stringContaining("<!doctype html>") })
    expect((await ask(url, { host: `localhost:${port}` })).status).toBe(200)
    for (const name of [`evil.example:${port}`, `127.0.0.1.evil.example:${port}`, "localhost:1"]) {
      expect(await ask(url, { host: name }), name).toMatchObject({
        status: 403,
        text: expect.stringMatching(/^Host: /)
      })
    }
    for (const origin of ["http://evil.example", "null", `https://${host}`]) {
      const refused = await ask(`${url}live`, { origin, connection: "upgrade", upgrade: "websocket" })
      expect(refused, origin).toMatchObject({ status: 403, text: expect.stringMatching(/^Origin: /) })
    }
    expect(await ask(`${url}../../etc/passwd`)).toMatchObject({ status: 404 })
    expect((await ask(`${url}metrics`)).text).toMatch(/^node_memory_MemFree_bytes\{.*client-1/m)
    expect(await end()).toBe(130)
  })

  it("others with the token only, which goes from the address into a cookie", async () => {
    const file = fileWith(small())
    const refused = await swaplab(["serve", file, "--address", "0.0.0.0"])
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("expected --token-file FILE too") })
    const tokenFile = join(scratch(), "token")
    writeFileSync(tokenFile, "short\n")
    const short = await swaplab(["serve", file, "--address", "0.0.0.0", "--token-file", tokenFile])
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining("expected one line of 16 to 200") })
    const token = "0123456789abcdef0123"
    writeFileSync(tokenFile, `${token}\n`)
    const { url: named } = await served(["serve", file, "--address", "0.0.0.0", "--token-file", tokenFile])
    const url = `http://127.0.0.1:${new URL(named).port}/`
    expect(await ask(url)).toMatchObject({ status: 401 })
    expect(await ask(`${url}?token=wrong`)).toMatchObject({ status: 401, cookie: "" })
    const { cookie, status } = await ask(`${url}?token=${token}`)
    expect(status).toBe(303)
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    expect((await ask(url, { cookie: cookie.split(";")[0] })).status).toBe(200)
    expect((await ask(`${url}metrics`, { authorization: `Bearer ${token}` })).status).toBe(200)
  })
})

describe.skipIf(left)(`a run of the command in Chromium${note}`, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  const clock = (page: Page) => page.getByRole("status").filter({ hasText: / ms| s/ })

  const ends = async (page: Page): Promise<string> => {
    await clock(page).filter({ hasText: "Fingerprint" }).waitFor()
    return /: (.*), \d+ events/.exec(await clock(page).textContent() ?? "")?.[1] ?? ""
  }

  it("is shown to several at once, stepped, acted on, and comes out as the scenario that is saved", async () => {
    const file = fileWith(small())
    const { end, stdout, url } = await served(["serve", file])
    const one = await openPage(browser, { viewport: { width: 1280, height: 1000 } })
    const other = await openPage(browser, { viewport: { width: 360, height: 740 }, colorScheme: "dark" })
    for (const { page } of [one, other]) {
      await page.goto(url)
      await page.getByRole("heading", { level: 1, name: "The run of the command" }).waitFor()
      await page.getByRole("button", { name: /^client-1/ }).waitFor()
    }
    for (let step = 1; step <= 3; step++) {
      await one.page.getByRole("button", { name: "Step 1 ms" }).click()
      await clock(other.page).filter({ hasText: `${step}.0 ms` }).waitFor()
      await clock(one.page).filter({ hasText: `${step}.0 ms` }).waitFor()
    }
    await other.page.getByRole("button", { name: "Restart server" }).click()
    await one.page.getByText("3.0 ms: restart at server").waitFor()
    await one.page.getByRole("button", { name: "Run" }).click()
    const byHand = await ends(one.page)
    expect(await ends(other.page)).toBe(byHand)
    const { inner, scroll } = await widths(other.page)
    expect(scroll).toBeLessThanOrEqual(inner)
    const download = one.page.waitForEvent("download")
    await one.page.getByRole("button", { name: "Save as a scenario" }).click()
    expect(await unwatched(await (await download).path())).toBe(byHand)
    // taken back, it is the run that nobody has touched, where the other one ended
    await one.page.getByRole("button", { name: "Take the last one back" }).click()
    await one.page.getByText("3.0 ms: restart at server").waitFor({ state: "detached" })
    const untouched = await unwatched(file)
    await clock(one.page).filter({ hasNotText: "Fingerprint" }).waitFor()
    await one.page.getByRole("button", { name: "Run" }).click()
    await clock(one.page).filter({ hasText: untouched }).waitFor()
    for (const { asked, page, told } of [one, other]) {
      expect(told).toEqual([])
      expect([...new Set(asked.filter((address) => !address.startsWith("blob:")))]).toEqual([url])
      await page.close()
    }
    expect(stdout().match(/^patched, seed 1: \w+; \d+ events, fingerprint \w+$/gm)).toHaveLength(2)
    expect(await end()).toBe(130)
  })

  it("run --watch shows runs whose results are kept: they can be paused, and come out as without viewers", async () => {
    const file = fileWith(small().replace("seeds: [1]", "seeds: [1, 2]"))
    const { ended, stdout, url } = await served(["run", file, "--watch", "--json"])
    const { page, told } = await openPage(browser)
    await page.goto(url)
    await page.getByRole("heading", { level: 1, name: "The run of the command" }).waitFor()
    expect(await ended).toBe(0)
    const { runs } = JSON.parse(stdout()) as Printed
    const without = JSON.parse((await swaplab(["run", file, "--json"])).stdout) as Printed
    expect(runs.map(({ fingerprint }) => fingerprint)).toEqual(without.runs.map(({ fingerprint }) => fingerprint))
    await page.getByRole("alert").filter({ hasText: "connection to the command is lost" }).waitFor()
    // that the command is gone is all that the browser complains about
    expect(told.filter((text) => !text.includes("ERR_CONNECTION_REFUSED"))).toEqual([])
    await page.close()
  })
})
