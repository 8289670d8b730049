/** node fuzz-process.mjs TARGET.mjs SECONDS SEED: prints what fuzzing it showed as one line of JSON. */

import { pathToFileURL } from 'node:url'
import { fuzz } from './fuzzer.js'
import type { FuzzTarget } from './target.js'

declare global {
  var fuzzCounters: Uint8Array
}

const [file = '', seconds, seed] = process.argv.slice(2)
const { target } = (await import(pathToFileURL(file).href)) as { readonly target: FuzzTarget }
const { finding, ...rest } = await fuzz(target, {
  seconds: Number(seconds),
  seed: Number(seed),
  counters: globalThis.fuzzCounters,
})
const shown = finding && { error: finding.error, input: finding.input.toString('base64') }
process.stdout.write(`${JSON.stringify({ ...rest, all: globalThis.fuzzCounters.length, finding: shown })}\n`)
