// A worker thread of a pool: it waits for runs and simulates them.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { runCluster } from "@swaplab/cluster"
import { layerWorkerMain } from "@swaplab/experiment"
import { Layer } from "effect"
import { threadCpuSeconds } from "./cpu-time.ts"

const runner = layerWorkerMain(runCluster, threadCpuSeconds)

/** Starts it. */
export const runPool = (): void =>
  NodeRuntime.runMain(NodeWorkerRunner.launch(Layer.provide(runner, NodeWorkerRunner.layer)))
