// The pause between two looks at something that tells nobody when it changes: a file, a count in another process.
import { setTimeout as sleep } from "node:timers/promises"

/** Leaves the CPU to others for a moment. Nothing is known after it: whoever waits looks again. */
export const aWhile = (): Promise<void> => sleep(10)
