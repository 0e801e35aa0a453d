// Starts the page: the guide, or a room where the address says so.
import { type ComponentChild, h, render } from "preact"
import { useEffect, useState } from "preact/hooks"
import { Guide } from "./guide.ts"
import { fromLink, type Linked } from "./link.ts"
import { Room } from "./room.ts"

/** What the address asks for: `#guide`, `#room`, `#room=…`. */
interface Asked {
  readonly room: boolean
  readonly linked: Linked | Error | null
}

const askedBy = async (hash: string): Promise<Asked> => {
  const [name, link = ""] = hash.replace(/^#/, "").split("=", 2)
  return { room: name === "room", linked: link === "" ? null : await fromLink(link) }
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
  const { linked, room } = asked
  const tab = (name: string, words: string, here: boolean): ComponentChild =>
    h("a", { href: `#${name}`, ...(here && { "aria-current": "page" }) }, words)
  return [
    h(
      "nav",
      { class: "top", "aria-label": "pages" },
      tab("guide", "The lockup in two minutes", !room),
      tab("room", "A room", room)
    ),
    linked instanceof Error
      ? h("p", { class: "mistake", role: "alert" }, linked.message)
      : room
      ? h(Room, { linked, key: location.hash })
      : h(Guide, {})
  ]
}

const root = document.getElementById("page")
if (root !== null) {
  root.textContent = ""
  render(h(Page, {}), root)
}
