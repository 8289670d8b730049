// node scripts/bundle/bundle.mjs DIR: joins what `camera-service` loads at its start into few files (DIR/bundle), and writes DIR/main.cjs,
// which loads them. A start opens 400 small modules less, takes compiled code from a cache (warm.mjs), and does without Node's loader of
// ES modules, which takes four milliseconds to come up.
//
// One chunk per dynamic import: what is loaded late stays late. Packages stay where they are, but for those that every start loads.
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const [, , target] = process.argv
const HERE = import.meta.dirname
const ROOT = resolve(HERE, '../..')
const SRC = join(ROOT, 'src')
const MODULES = join(ROOT, 'node_modules/')
const OUT = join(resolve(target), 'bundle')

/** Every start loads these, and each is made of dozens of files. Their own dependencies come along. */
const JOINED = ['pino', 'jsonc-parser', 'fast-jwt']

/**
 * A module of ours finds what lies beside it by its own URL, which is another one in the bundle. What it loads late by `require` is
 * shown to the bundler, and stays late.
 */
const ownUrls = {
  name: 'own-urls',
  transform(code, id) {
    if (!id.startsWith(SRC) || !code.includes('import.meta.url')) return null
    const place = relative(SRC, id).replace(/\.ts$/, '.js')
    const shown = code.replaceAll("createRequire(import.meta.url)('", "require('")
    // Lines stay where they are, and with them the source map.
    return { code: shown.replaceAll('import.meta.url', `new URL('../${place}', import.meta.url).href`), map: null }
  },
}

function isExternal(id, importer) {
  if (id.startsWith('.') || id.startsWith('/')) return false
  const isOurs = importer === undefined || importer.startsWith(SRC)
  return id.startsWith('node:') || (isOurs && !JOINED.includes(id))
}

const bundle = await rolldown({
  // The build starts the service by the second one (warm.mjs).
  input: { main: join(SRC, 'main.ts'), cli: join(SRC, 'cli/index.ts') },
  platform: 'node',
  tsconfig: false,
  external: isExternal,
  resolve: { mainFields: ['module', 'main'] },
  plugins: [ownUrls],
})
const { output } = await bundle.write({
  dir: OUT,
  format: 'cjs',
  sourcemap: true,
  // V8 forgets whose `import()` it is when compiled code comes from a cache; `require` is a function like any other.
  dynamicImportInCjs: false,
  comments: { legal: true, annotation: false, jsdoc: false },
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name]-[hash].cjs',
})
await bundle.close()

for (const { fileName, code } of output) if (code !== undefined) await writeFile(join(OUT, fileName), oneByteText(code))
await writeFile(join(OUT, 'LICENSES.txt'), await licencesOf(output))
await copyFile(join(HERE, 'load.cjs'), join(OUT, 'load.cjs'))
// In place of what the compiler made of src/main.ts.
const start = `#!/usr/bin/env node
'use strict'
require('./bundle/load.cjs').loader().load('main.cjs')
`
await writeFile(join(resolve(target), 'main.cjs'), start, { mode: 0o755 })
for (const name of ['main.js', 'main.js.map']) await rm(join(resolve(target), name))

/** One byte per character: half the memory, and nothing to decode. The comments are gone, so that what is replaced stands in literals. */
function oneByteText(code) {
  return code.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Of the packages that are part of the bundle. */
async function licencesOf(chunks) {
  const files = chunks.flatMap(({ moduleIds = [] }) => moduleIds).filter((id) => id.startsWith(MODULES))
  const packages = [...new Set(files.map((id) => id.slice(MODULES.length).match(/^(@[^/]+\/)?[^/]+/)[0]))].sort()
  const texts = packages.map(async (name) => `${name}\n\n${await licenceText(join(MODULES, name))}`)
  return (await Promise.all(texts)).join(`\n${'-'.repeat(72)}\n\n`)
}

async function licenceText(dir) {
  for (const name of ['LICENSE', 'LICENSE.md', 'license', 'LICENCE']) {
    const text = await readFile(join(dir, name), 'utf8').catch(() => undefined)
    if (text !== undefined) return text
  }
  const { license } = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'))
  return `License: ${license}\n`
}
