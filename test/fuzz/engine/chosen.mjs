// The targets there are, those that were named on the command line or all, and where they are.
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const TARGETS = resolve(import.meta.dirname, '../targets')
export const ROOT = resolve(import.meta.dirname, '../../..')
export const NATIVE = join(ROOT, 'native/test')

const wanted = process.argv.slice(2)
const isChosen = (name) => wanted.length === 0 || wanted.includes(name)

/** In TypeScript: name → file. */
export const scripts = Object.fromEntries(namesIn(TARGETS, '.ts').map((name) => [name, join(TARGETS, `${name}.ts`)]))
/** In C++. */
export const programs = namesIn(join(NATIVE, 'fuzz'), '_fuzz.cpp')
export const services = ['service'].filter(isChosen)

function namesIn(folder, ending) {
  return readdirSync(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .filter(isChosen)
}
