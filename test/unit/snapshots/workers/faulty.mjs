/** In place of the conversions: does what the name of the job says. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

// piscina calls a worker's default export.
// biome-ignore lint/style/noDefaultExport: see above.
export default async function run({ dir, name, begun }) {
  if (dir !== '') writeFileSync(join(dir, `${name}.${process.pid}-half.part`), 'half a picture')
  if (name === 'exit') process.exit(1)
  if (name === 'throw') setImmediate(() => throwLater())
  if (name === 'loop') for (;;);
  if (name === 'heap') for (const kept = []; ; ) kept.push(new Array(1_000_000).fill(0.5))
  if (name === 'throw') await new Promise(() => undefined)
  if (begun !== undefined) meet(begun)
  return { converted: { file: name } }
}

/** Until two jobs are here, which takes two threads. */
function meet(begun) {
  Atomics.add(begun, 0, 1)
  Atomics.notify(begun, 0)
  while (Atomics.load(begun, 0) < 2) Atomics.wait(begun, 0, 1)
}

function throwLater() {
  throw new Error('nobody catches this')
}
