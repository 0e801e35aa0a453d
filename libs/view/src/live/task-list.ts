// Tasks and what each of them waits for.
import type { TaskGroup } from "@swaplab/report"
import { type ComponentChild, h } from "preact"

const nameOf = ({ count, name }: TaskGroup): string => count === 1 ? name : `${count} × ${name.replace(/-\d+$/, "")}`

/** A sign in front of each, so that colour is not needed: lacks a page, waits, idle. */
const signOf = ({ idle, needsPage }: TaskGroup): readonly [sign: string, kind: string] =>
  needsPage ? ["✗", "lacks"] : idle ? ["·", "idle"] : ["…", "waits"]

export const TaskList = ({ groups }: { readonly groups: ReadonlyArray<TaskGroup> }): ComponentChild =>
  groups.length === 0
    ? h("p", { class: "soft" }, "Nobody waits.")
    : h(
      "ul",
      { class: "tasks" },
      groups.map((group) => {
        const [sign, kind] = signOf(group)
        return h(
          "li",
          { class: kind },
          h("span", { class: "sign", "aria-hidden": "true" }, sign),
          h("b", null, nameOf(group)),
          ` ${group.words}`
        )
      })
    )
