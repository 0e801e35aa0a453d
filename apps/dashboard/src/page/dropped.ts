// Files that the reader drops on the page or chooses: one scenario, or what a run has left.
import type { NamedFile } from "../engine/messages.ts"

/** More is not read: a page holds all of it in memory. */
const MAX_BYTES = 512 * 2 ** 20

/** Files that a result consists of; those of single runs stand in a folder of their own. */
const isWanted = (path: string): boolean => /\.(json|msgpack)$/.test(path) && !/(^|\/)runs\//.test(path)

/** A scenario. */
export const isScenario = (files: ReadonlyArray<File>): boolean => files.length === 1 && /\.ya?ml$/i.test(files[0].name)

/** Their contents, for the engine; those that are no part of a result by name only. Throws an Error with words for the reader. */
export const contentsOf = async (files: ReadonlyArray<File>): Promise<ReadonlyArray<NamedFile>> => {
  const pathOf = (file: File): string => file.webkitRelativePath === "" ? file.name : file.webkitRelativePath
  const wanted = files.filter((file) => isWanted(pathOf(file)))
  const size = wanted.reduce((sum, file) => sum + file.size, 0)
  if (size > MAX_BYTES) {
    throw new Error(`${pathOf(wanted[0])}: all files together have ${size} bytes, expected at most ${MAX_BYTES}`)
  }
  const shown = wanted.length > 0 ? wanted : files.slice(0, 4)
  return await Promise.all(shown.map(async (file) => ({
    name: pathOf(file),
    bytes: wanted.includes(file) ? new Uint8Array(await file.arrayBuffer()) : new Uint8Array()
  })))
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject))

const entriesOf = (folder: FileSystemDirectoryEntry): Promise<ReadonlyArray<FileSystemEntry>> =>
  new Promise((resolve, reject) => folder.createReader().readEntries(resolve, reject))

/** What was dropped; of a folder the files in it. */
export const filesOf = async (transfer: DataTransfer): Promise<ReadonlyArray<File>> => {
  // all of it is asked for at once: after the event the transfer is empty
  const items = [...transfer.items].filter(({ kind }) => kind === "file").map((item) => ({
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile()
  }))
  const files = await Promise.all(items.map(async ({ entry, file }) => {
    if (entry?.isDirectory !== true) return file === null ? [] : [file]
    const inside = await entriesOf(entry as FileSystemDirectoryEntry)
    return await Promise.all(
      inside.filter(({ isFile, name }) => isFile && isWanted(name)).map((one) => fileOf(one as FileSystemFileEntry))
    )
  }))
  return files.flat()
}
