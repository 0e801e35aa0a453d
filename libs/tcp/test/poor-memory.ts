// A machine that is short of memory now and then.
import { HostMemory } from "@swaplab/net-skb"
import { __GFP_WAIT, type Context, type Task, WOULD_SLEEP } from "@swaplab/page-alloc"
import type { Random, Sleeps } from "@swaplab/sim"
import { MS } from "./script.ts"

/** A machine whose allocator refuses now and then, as often as `refuse` says; callers that may sleep sleep half the times. */
export class PoorMemory extends HostMemory {
  refuse = 0
  random: Random | null = null

  /** 0, −1 = refused, −2 = the caller has to sleep for it. */
  #verdict(gfp: number): number {
    if (this.random === null || this.refuse === 0 || this.random.unit() >= this.refuse) return 0
    return (gfp & __GFP_WAIT) !== 0 && this.random.below(2) === 0 ? WOULD_SLEEP : -1
  }

  override tryHead(ctx: Context, gfp: number, fclone: boolean): number {
    const verdict = this.#verdict(gfp)
    return verdict < 0 ? verdict : super.tryHead(ctx, gfp, fclone)
  }

  override tryPage(ctx: Context, gfp: number): number {
    const verdict = this.#verdict(gfp)
    return verdict < 0 ? verdict : super.tryPage(ctx, gfp)
  }

  override *head(task: Task, gfp: number, fclone: boolean): Sleeps<number> {
    yield* task.process.hold(5 * MS)
    return super.tryHead(task, gfp, fclone)
  }

  override *page(task: Task, gfp: number): Sleeps<number> {
    yield* task.process.hold(5 * MS)
    return super.tryPage(task, gfp)
  }
}
