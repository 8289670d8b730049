// Arguments: a state file, a number of kills, a seed. Forks as many writers (fork.c), one after the other, that save one number after the
// other without pause until they are killed at a random moment, and looks at the file after each kill. Prints what it saw as JSON.
import { createHash } from 'node:crypto'
import { accessSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { SealedFile } from '../../../dist/base/sealed-file.js'

const [file, kills, seed] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const ignore = () => undefined
const parse = (content) => (typeof content?.number === 'number' ? content : undefined)
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
const sealed = new SealedFile({ file, what: 'a number', version: 1, parse, logger })

let state = seed >>> 0
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

async function write(first) {
  for (let number = first; ; number++) {
    // At work from here on: the kill may come.
    accessSync('/fork/ready')
    // As many letters as the number says, so that a mix of two would show.
    await sealed.save({ number, filling: 'x'.repeat(number % 3000) })
  }
}

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

const seen = { kills: 0, contents: new Set(), broken: [], cut: 0 }
function run() {
  // Half of the kills are to come before the first write is done, however fast the machine is.
  let longestUs = 10_000
  let last = 0
  while (seen.kills < kills) {
    if (isForked(Math.floor(random() * longestUs))) return write(last + 1)
    seen.kills += 1
    try {
      const { checksum, content } = JSON.parse(readFileSync(file, 'utf8'))
      const right = createHash('sha256').update(JSON.stringify(content)).digest('hex')
      // Never an older one than the last that was found: what was acknowledged stays.
      if (checksum !== right || content.filling.length !== content.number % 3000 || content.number < last)
        throw new Error('mixed')
      longestUs *= content.number === last ? 1.03 : 0.97
      last = content.number
      seen.contents.add(last)
    } catch (thrown) {
      seen.broken.push(String(thrown))
    }
  }
  return undefined
}

await sealed.load()
await sealed.save({ number: 0, filling: '' })
if (run() === undefined) {
  seen.cut = readdirSync(dirname(file)).filter((name) => !name.endsWith('.json') && !name.endsWith('.old')).length
  await new SealedFile({ file, what: 'a number', version: 1, parse, logger }).load()
  console.log(JSON.stringify({ ...seen, contents: seen.contents.size, left: readdirSync(dirname(file)) }))
}
