// Writers that are forked from this process (fork.c), one after the other, and killed at a random moment.
import { accessSync } from 'node:fs'

/** True in the child, never again in the parent. */
function isForked(us) {
  try {
    accessSync(`/fork/${us}`)
    return true
  } catch (thrown) {
    if (thrown.code !== 'EEXIST') throw thrown
    return false
  }
}

/** Said by a writer: at work from here on, the kill may come. */
export function ready() {
  accessSync('/fork/ready')
}

/**
 * As many writers as `kills`; each begins with `write(last)` and goes on until it is killed. `read` then answers what the file holds, or
 * throws when that is broken. Answers what was seen, and nothing in a writer. `last`: what the file holds now.
 */
export function killWriters({ kills, last, write, read, random = Math.random }) {
  const seen = { kills: 0, contents: new Set(), broken: [] }
  // How long a copy of the process takes to its first write depends on the machine: half of the kills are to come before it is done.
  let longestUs = 10_000
  let found = last
  while (seen.kills < kills) {
    if (isForked(Math.floor(random() * longestUs))) {
      void write(found)
      return undefined
    }
    seen.kills += 1
    try {
      const now = read(found)
      longestUs *= now === found ? 1.03 : 0.97
      found = now
      seen.contents.add(found)
    } catch (thrown) {
      seen.broken.push(String(thrown))
    }
  }
  return { ...seen, contents: seen.contents.size }
}
