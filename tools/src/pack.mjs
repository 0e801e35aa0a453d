// @ts-check
// What a packed package contains: the manifest with exact versions, and the licence beside it.

/**
 * The part of a package.json that packing reads or changes.
 * @typedef {{ name: string, version: string, dependencies?: Record<string, string>, [key: string]: unknown }} Manifest
 */

/** What only this workspace needs; `imports` is for the tests of a lib. */
const WORKSPACE_ONLY = ["devDependencies", "imports", "nx", "scripts"]

/**
 * The manifest of a package as it is packed: each package of the workspace that it needs by the version that is packed with
 * it, and nothing that only the workspace needs. An app needs no package: all is in its bundle. `versions` are those of all packages of the workspace.
 * @type {(manifest: Manifest, versions: Readonly<Record<string, string>>) => Manifest}
 */
export const packedManifest = (manifest, versions) => {
  const isApp = manifest["bin"] !== undefined
  const needed = Object.entries(isApp ? {} : manifest.dependencies ?? {}).map(([name, range]) => {
    if (!name.startsWith("@swaplab/")) return [name, range]
    const version = versions[name]
    if (version === undefined) throw new Error(`${manifest.name} needs ${name}, which is no package of this workspace`)
    return [name, version]
  })
  const kept = Object.entries(manifest).filter(([key]) => !WORKSPACE_ONLY.includes(key))
  return /** @type {Manifest} */ ({ ...Object.fromEntries(kept), dependencies: Object.fromEntries(needed) })
}

/**
 * The packages of others that files come from, by their paths.
 * @type {(paths: ReadonlyArray<string>) => ReadonlyArray<string>}
 */
export const packagesIn = (paths) => {
  const names = paths.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
  return [...new Set(names)].sort()
}

/** What tsc makes of a source. */
const OUTPUT = /\.(js|d\.ts)(\.map)?$/

/**
 * Whether a file below dist belongs into the package: tsc made it from a source that is there. Left behind are tsc's notes
 * on the build, and outputs of sources that are gone. `exists` tells whether a source, by its path below src, is there.
 * @type {(path: string, exists: (source: string) => boolean) => boolean}
 */
export const isOutput = (path, exists) => OUTPUT.test(path) && exists(path.replace(OUTPUT, ".ts"))
