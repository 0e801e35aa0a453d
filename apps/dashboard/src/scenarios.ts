/// <reference types="vite/types/importMeta.d.ts" />
// The scenarios that ship, as texts in the page.

const found = import.meta.glob<string>(["../../../scenarios/*.yaml", "../../../scenarios/profiles/*.yaml"], {
  query: "?raw",
  import: "default",
  eager: true
})

/** By their path below the folder of scenarios: `quick.yaml`, `profiles/fat-2020.yaml`. */
export const texts: ReadonlyMap<string, string> = new Map(
  Object.entries(found).map(([path, text]) => [path.replace("../../../scenarios/", ""), text])
)
