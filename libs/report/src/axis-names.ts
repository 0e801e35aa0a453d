// Short names of the paths of a sweep, and what stands for them.

/** The last part of each path, where that tells them apart; else the whole path. */
export const shortNames = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const last = paths.map((path) => path.split(/[.[]/).findLast((part) => !/^\d*\]?$/.test(part)) ?? path)
  return last.map((name, i) => last.filter((other) => other === name).length === 1 ? name : paths[i])
}
