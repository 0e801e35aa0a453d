// Worker entry of the command under test, with made-up results.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { layerWorkerMain } from "@swaplab/experiment"
import { Layer } from "effect"
import { simulate } from "./simulate.ts"

NodeRuntime.runMain(NodeWorkerRunner.launch(Layer.provide(layerWorkerMain(simulate), NodeWorkerRunner.layer)))
