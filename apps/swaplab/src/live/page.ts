// The page as a server of a run gives it: the same file as from a disk, but it may open a socket to where it came from.
import { existsSync, readFileSync } from "node:fs"

/** Beside the bundle of a package, or where `npm run page` has put it in a clone. */
const places = (worker: URL): ReadonlyArray<URL> => [
  new URL("./swaplab.html", worker),
  new URL("../../dashboard/bundle/swaplab.html", worker)
]

/** The text of the page; null: it has not been built. */
export const readPage = (worker: URL): string | null => {
  const place = places(worker).find((url) => existsSync(url))
  return place === undefined ? null : readFileSync(place, "utf8")
}

const POLICY = /(<meta http-equiv="Content-Security-Policy" content=")([^"]*)(">)/

/** The page and the policy that it and its header have, for a reader who has reached the server as `host`. */
export const servedPage = (page: string, host: string): { readonly html: string; readonly policy: string } => {
  const [, , own = ""] = POLICY.exec(page) ?? []
  const policy = `${own}; connect-src ws://${host}`
  return {
    html: page.replace(POLICY, `$1${policy}$3\n<meta name="swaplab-live" content="/live">`),
    policy: `${policy}; frame-ancestors 'none'`
  }
}
