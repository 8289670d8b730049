// node replay.mjs TARGET.mjs: runs its seeds and nothing else, and prints its parsers as one line of JSON. Node counts what ran.
import { pathToFileURL } from 'node:url'

const { target } = await import(pathToFileURL(process.argv[2]).href)
for (const seed of target.seeds) await target.run(Buffer.from(seed))
process.stdout.write(`${JSON.stringify(target.parsers)}\n`)
