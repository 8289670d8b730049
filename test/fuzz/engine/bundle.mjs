// Makes programs of fuzz targets: each with all that it imports in one file, instrumented. The engine itself is not.
import { isAbsolute, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { instrument } from './instrument.mjs'

const instrumented = { name: 'instrumented', renderChunk: (code) => ({ code: instrument(code), map: null }) }

/** Writes FOLDER/NAME.mjs of each source. `sources`: name → file. */
export async function bundleTargets(sources, folder) {
  for (const [name, file] of Object.entries(sources)) await bundle(name, file, folder, { plugins: [instrumented] })
  for (const name of ['process', 'service']) await bundle(`fuzz-${name}`, resolve(import.meta.dirname, `${name}.ts`), folder)
}

/** The same without the counters: sources as they are, those lines too that no target reaches, with a map back to them. */
export async function bundleMapped(sources, folder) {
  for (const [name, file] of Object.entries(sources)) {
    await bundle(name, file, folder, { external: isPackage, treeshake: false }, { minify: false, sourcemap: true })
  }
}

function isPackage(id) {
  return !id.startsWith('.') && !isAbsolute(id)
}

async function bundle(name, file, folder, input = {}, output = {}) {
  const made = await rolldown({
    input: { [name]: file },
    platform: 'node',
    tsconfig: false,
    // Programs of other languages stay where they are.
    external: (id) => id.startsWith('node:') || id.endsWith('.node'),
    ...input,
  })
  await made.write({ dir: folder, format: 'esm', entryFileNames: '[name].mjs', codeSplitting: false, ...output })
  await made.close()
}
