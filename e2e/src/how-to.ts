// Commands of a page of docs that needs something which the page cannot start by itself.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./command.ts"

/** All blocks of commands of a page, as one script. */
export const commandsIn = (page: string): string =>
  [...readFileSync(join(root, page), "utf8").matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => text).join("")
