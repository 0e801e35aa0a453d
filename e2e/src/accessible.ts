// What somebody needs who reads a page with a keyboard, a screen reader, or in little light.
import type { Page } from "playwright-core"

/** Roles whose elements say nothing without a name. */
const NAMED = new Set([
  "button",
  "link",
  "textbox",
  "combobox",
  "slider",
  "spinbutton",
  "checkbox",
  "meter",
  "progressbar",
  "image",
  "img",
  "region"
])

interface AxNode {
  readonly ignored: boolean
  readonly role?: { readonly value: string }
  readonly name?: { readonly value: string }
}

/** Roles of elements without a name, as a screen reader hears the page. */
export const nameless = async (page: Page): Promise<ReadonlyArray<string>> => {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send("Accessibility.getFullAXTree") as { readonly nodes: ReadonlyArray<AxNode> }
  await session.detach()
  const heard = nodes.filter(({ ignored, role }) => !ignored && role !== undefined && NAMED.has(role.value))
  if (heard.length === 0) throw new Error("nothing is heard of this page")
  return heard.filter(({ name }) => (name?.value ?? "").trim() === "").map(({ role }) => role?.value ?? "")
}

/** A place where the Tab key stops: what it is, in words, and how wide the line around it is, in pixels. */
export interface Stop {
  readonly place: number
  readonly words: string
  readonly outline: number
}

const TABBABLE = "a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), "
  + "textarea:not([disabled]), summary, [tabindex='0']"

/** Where the Tab key stops, from the top of the page to its end, by the places in the document; and how many places there are. */
export const tabStops = async (
  page: Page
): Promise<{ readonly stops: ReadonlyArray<Stop>; readonly places: number }> => {
  const places = Number(
    await page.evaluate(`(() => {
      globalThis.places = [...document.querySelectorAll(${JSON.stringify(TABBABLE)})].filter((e) => e.checkVisibility())
      // where somebody has clicked is where the key goes on from: begin anew above everything
      document.body.tabIndex = -1
      document.body.focus()
      document.body.removeAttribute("tabindex")
      return places.length
    })()`)
  )
  const stops: Array<Stop> = []
  for (let i = 0; i < places; i++) {
    await page.keyboard.press("Tab")
    stops.push(
      await page.evaluate(`(() => {
        const e = document.activeElement
        const { outlineStyle, outlineWidth } = getComputedStyle(e)
        return {
          place: places.indexOf(e),
          words: e.tagName + " " + (e.getAttribute("aria-label") ?? e.textContent).slice(0, 40),
          outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth)
        }
      })()`) as Stop
    )
  }
  return { stops, places }
}

/**
 * Texts that stand out too little from what is behind them, by the formula of WCAG 2 (1.4.3: 4.5, of large text 3). What cannot be
 * used, and drawings, are left out.
 */
export const faint = (page: Page): Promise<ReadonlyArray<string>> =>
  page.evaluate(`(() => {
    const channels = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number)
    const luminance = ([r, g, b]) => {
      const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
      return 0.2126 * x + 0.7152 * y + 0.0722 * z
    }
    const behind = (e) => {
      for (let at = e; at !== null; at = at.parentElement) {
        const c = channels(getComputedStyle(at).backgroundColor)
        if (c.length === 3 || c[3] === 1) return c
      }
      return [255, 255, 255]
    }
    const found = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const e = node.parentElement
      if (node.textContent.trim() === "" || !e.checkVisibility() || e.closest("svg, script, option, :disabled, [aria-hidden]")) continue
      const { color, fontSize, fontWeight } = getComputedStyle(e)
      const [a, b] = [luminance(channels(color)), luminance(behind(e))].sort((x, y) => y - x)
      const size = parseFloat(fontSize)
      const large = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700)
      const ratio = (a + 0.05) / (b + 0.05)
      if (ratio < (large ? 3 : 4.5)) found.push(ratio.toFixed(2) + " " + node.textContent.trim().slice(0, 40))
    }
    return found
  })()`) as Promise<ReadonlyArray<string>>
