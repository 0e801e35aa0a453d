// Starts the page: the guide, a room, or a recorded result, as the address and what is dropped say.
import { type ComponentChild, h, render } from "preact"
import { useLayoutEffect, useRef, useState } from "preact/hooks"
import { filesOf, isScenario } from "./dropped.ts"
import { Guide } from "./guide.ts"
import { fromLink, type Linked } from "./link.ts"
import { RecordedRoom } from "./recorded-room.ts"
import { Room } from "./room.ts"
import { OWN } from "./run-choice.ts"

/** The address of the socket of the command that the page came from; null: it came from nowhere. */
const liveUrl = (): string | null => {
  const path = document.querySelector<HTMLMetaElement>("meta[name=swaplab-live]")?.content
  return path === undefined ? null : `ws://${location.host}${path}`
}

/**
 * What is asked for, by the address (`#guide`, `#room`, `#room=…`, `#recorded`, `#run`; without anything the run of the command,
 * where there is one) or by files that are dropped.
 */
interface Asked {
  readonly page: "guide" | "room" | "run" | "recorded"
  readonly linked: Linked | Error | null
  readonly fromNs?: number
  readonly files?: ReadonlyArray<File>
}

const askedBy = async (hash: string): Promise<Asked> => {
  const [name, link = ""] = hash.replace(/^#/, "").split("=", 2)
  const served = liveUrl() !== null
  const page = name === "room" || name === "recorded" ? name : served && name !== "guide" ? "run" : "guide"
  return { page, linked: link === "" ? null : await fromLink(link) }
}

const Page = (): ComponentChild => {
  const [asked, setAsked] = useState<Asked | null>(null)
  /** Asked for anew it begins anew. */
  const times = useRef(0)
  const ask = (next: Asked): void => {
    times.current++
    setAsked(next)
  }
  /** Goes to a page that the address alone does not say all of. */
  const goTo = (next: Asked): void => {
    history.pushState(null, "", `#${next.page}`)
    ask(next)
  }
  const take = async (files: ReadonlyArray<File>): Promise<void> => {
    if (!isScenario(files)) return goTo({ page: "recorded", linked: null, files })
    const text = await files[0].text()
    goTo({ page: "room", linked: { file: OWN, text, kernel: null, seed: 1, acts: [] } })
  }
  // before anything is painted: what is dropped on a page that can be seen is taken
  useLayoutEffect(() => {
    const read = (): void => {
      void askedBy(location.hash).then(ask)
    }
    const over = (event: DragEvent): void => event.preventDefault()
    const drop = (event: DragEvent): void => {
      event.preventDefault()
      if (event.dataTransfer === null) return
      filesOf(event.dataTransfer).then(
        (files) => files.length === 0 ? undefined : take(files),
        (error: unknown) =>
          goTo({
            page: "recorded",
            linked: new Error(`this folder cannot be read (${String(error)}): choose its files instead`)
          })
      )
    }
    read()
    addEventListener("hashchange", read)
    addEventListener("dragover", over)
    addEventListener("drop", drop)
    return () => {
      removeEventListener("hashchange", read)
      removeEventListener("dragover", over)
      removeEventListener("drop", drop)
    }
  }, [])
  if (asked === null) return null
  const { files, fromNs, linked, page } = asked
  const tab = (name: string, words: string): ComponentChild =>
    h("a", { href: `#${name}`, ...(name === page && { "aria-current": "page" }) }, words)
  const url = liveUrl()
  const key = times.current
  const shown = (): ComponentChild => {
    if (linked instanceof Error) return h("p", { class: "mistake", role: "alert" }, linked.message)
    switch (page) {
      case "guide":
        return h(Guide, {})
      case "run":
        return h(Room, { linked: null, url, key })
      case "room":
        return h(Room, { linked, url: null, key, ...(fromNs !== undefined && { fromNs }) })
      case "recorded":
        return h(RecordedRoom, {
          key,
          files: files ?? null,
          onFiles: (chosen: ReadonlyArray<File>) => void take(chosen),
          onAgain: (run: Linked, atNs: number) => goTo({ page: "room", linked: run, fromNs: atNs })
        })
    }
  }
  return [
    h(
      "nav",
      { class: "top", "aria-label": "pages" },
      url === null ? null : tab("run", "The run of the command"),
      tab("guide", "The lockup in two minutes"),
      tab("room", "A room"),
      tab("recorded", "A recorded result")
    ),
    shown()
  ]
}

const root = document.getElementById("page")
if (root !== null) {
  root.textContent = ""
  render(h(Page, {}), root)
}
