// Starts the page: the guide, or a room where the address says so.
import { type ComponentChild, h, render } from "preact"
import { useEffect, useState } from "preact/hooks"
import { Guide } from "./guide.ts"
import { fromLink, type Linked } from "./link.ts"
import { Room } from "./room.ts"

/** The address of the socket of the command that the page came from; null: it came from nowhere. */
const liveUrl = (): string | null => {
  const path = document.querySelector<HTMLMetaElement>("meta[name=swaplab-live]")?.content
  return path === undefined ? null : `ws://${location.host}${path}`
}

/** What the address asks for: `#guide`, `#room`, `#room=…`, `#run`; without anything the run of the command, where there is one. */
interface Asked {
  readonly page: "guide" | "room" | "run"
  readonly linked: Linked | Error | null
}

const askedBy = async (hash: string): Promise<Asked> => {
  const [name, link = ""] = hash.replace(/^#/, "").split("=", 2)
  const served = liveUrl() !== null
  const page = name === "room" ? "room" : served && name !== "guide" ? "run" : "guide"
  return { page, linked: link === "" ? null : await fromLink(link) }
}

const Page = (): ComponentChild => {
  const [asked, ask] = useState<Asked | null>(null)
  useEffect(() => {
    const read = (): void => {
      void askedBy(location.hash).then(ask)
    }
    read()
    addEventListener("hashchange", read)
    return () => removeEventListener("hashchange", read)
  }, [])
  if (asked === null) return null
  const { linked, page } = asked
  const tab = (name: string, words: string): ComponentChild =>
    h("a", { href: `#${name}`, ...(name === page && { "aria-current": "page" }) }, words)
  const url = liveUrl()
  return [
    h(
      "nav",
      { class: "top", "aria-label": "pages" },
      url === null ? null : tab("run", "The run of the command"),
      tab("guide", "The lockup in two minutes"),
      tab("room", "A room")
    ),
    linked instanceof Error
      ? h("p", { class: "mistake", role: "alert" }, linked.message)
      : page === "room"
      ? h(Room, { linked, url: null, key: location.hash })
      : page === "run"
      ? h(Room, { linked: null, url, key: "run" })
      : h(Guide, {})
  ]
}

const root = document.getElementById("page")
if (root !== null) {
  root.textContent = ""
  render(h(Page, {}), root)
}
