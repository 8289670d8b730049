// Arguments: a state file, a number of kills, a seed. As many writers (rounds.mjs) save one number after the other without pause. Prints
// what was seen as JSON.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { SealedFile } from '../../../dist/base/sealed-file.js'
import { killWriters, ready } from './rounds.mjs'

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

async function write(last) {
  for (let number = last + 1; ; number++) {
    ready()
    // As many letters as the number says, so that a mix of two would show.
    await sealed.save({ number, filling: 'x'.repeat(number % 3000) })
  }
}

/** Throws when the file is not there, or not whole. */
function numberIn(name) {
  const { checksum, content } = JSON.parse(readFileSync(name, 'utf8'))
  const right = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  if (checksum !== right || content.filling.length !== content.number % 3000) throw new Error('mixed')
  return content.number
}

function read(last) {
  const [number, before] = [file, `${file}.old`].map(numberIn)
  // Never an older one than the last that was found: what was acknowledged stays.
  if (number < last || before > number) throw new Error(`${before}, then ${number}, and ${last} was there`)
  return number
}

await sealed.load()
// Twice: from then on there is a generation before.
await sealed.save({ number: 0, filling: '' })
await sealed.save({ number: 0, filling: '' })
const seen = killWriters({ kills, last: 0, write, read, random })
if (seen !== undefined) {
  const cut = readdirSync(dirname(file)).filter((name) => !name.endsWith('.json') && !name.endsWith('.old')).length
  await new SealedFile({ file, what: 'a number', version: 1, parse, logger }).load()
  console.log(JSON.stringify({ ...seen, cut, left: readdirSync(dirname(file)) }))
}
