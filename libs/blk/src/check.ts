// Consistency of one list of requests.
import { assert } from "@swaplab/sim"
import { type BioSet, NO_BIO } from "./bio-set.ts"
import { SECTORS_PER_PAGE } from "./merge.ts"
import { NO_REQUEST, type RequestFifo, type Requests } from "./requests.ts"

/** All requests of the list are in this state, and their bios are adjacent pages, as many as they say. Their number. */
export const checkRequestList = (
  rqs: Requests,
  list: RequestFifo,
  state: number,
  bios: BioSet,
  maxPages: number
): number => {
  let count = 0
  for (let rq = list.head; rq !== NO_REQUEST; rq = rqs.next[rq]) {
    assert(rqs.state[rq] === state, "a request is in the wrong list")
    let pages = 0
    let sector = rqs.sector[rq]
    for (let bio = rqs.bioHead[rq]; bio !== NO_BIO; bio = bios.next[bio]) {
      assert(bios.sector[bio] === sector, "the pages of a request are not adjacent")
      sector += SECTORS_PER_PAGE
      pages++
    }
    assert(pages === rqs.pages[rq] && pages >= 1 && pages <= maxPages, "a request has a wrong page count")
    count++
  }
  assert(count === list.count, "a list of requests has a wrong length")
  return count
}
