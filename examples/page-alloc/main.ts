// A machine of 64 MiB: an interrupt handler takes pages until it is refused. Whenever DMA32 falls below one of its
// watermarks, /proc/buddyinfo is printed.
import { GFP_ATOMIC, NO_PAGE, PageAllocator } from "@swaplab/page-alloc"
import { Sim } from "@swaplab/sim"

const pages = new PageAllocator(new Sim({ seed: 1 }), { memory: 64 * 2 ** 20, cpus: 1 })
const softirq = { flags: 0, memdie: false, inInterrupt: true, servingSoftirq: true, cpu: 0, ns: 0 }
const zone = pages.zones.find(({ name }) => name === "DMA32")
if (zone === undefined) throw new Error("a PC of 64 MiB has a zone DMA32")

const marks = [["low", zone.watermark[1]], ["min", zone.watermark[0]]] as const
for (const [name, pagesLeft] of marks) {
  while (zone.free >= pagesLeft && pages.tryAlloc(softirq, GFP_ATOMIC, 0) !== NO_PAGE);
  console.log(`below ${name} (${pagesLeft} pages): ${zone.free} free\n${pages.buddyinfo()}`)
}
let more = 0
while (pages.tryAlloc(softirq, GFP_ATOMIC, 0) !== NO_PAGE) more++
console.log(`${more} pages below min, then: ${pages.firstFailure?.message}`)
