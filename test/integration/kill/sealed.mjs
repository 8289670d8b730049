// Arguments: a state file, a number, and after how many calls the process is killed (nth.c). Saves the number, and says so once it is durable.
import { accessSync, writeSync } from 'node:fs'
import { SealedFile } from '../../../dist/base/sealed-file.js'

const [file, number, calls] = process.argv.slice(2)
const ignore = () => undefined
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
const parse = (content) => (typeof content?.number === 'number' ? content : undefined)
const sealed = new SealedFile({ file, what: 'a number', version: 1, parse, logger })
const tell = (name) => {
  try {
    accessSync(`/nth/${name}`)
  } catch {
    // The answer says nothing.
  }
}
const before = await sealed.load()
writeSync(1, `had ${before?.number}\n`)
tell(calls)
await sealed.save({ number: Number(number), filling: 'x'.repeat(10_000) })
tell('done')
writeSync(1, 'saved\n')
