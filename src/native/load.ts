/** Finds and loads the compiled addon, and says what is missing when it cannot. */

import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Beside the sources' folder, seen from `src/native` as well as from `dist/native`. */
const ADDON = fileURLToPath(new URL('../../build/Release/camera_core.node', import.meta.url))

const REMEDY = 'run scripts/setup.sh in the project folder'

/** The addon's exports, unchecked. Throws one line that names what is missing and the remedy. */
export function loadAddonFile(file: string = ADDON): unknown {
  if (!existsSync(file)) throw new Error(`the native addon is not built (${file} is missing): ${REMEDY}`)
  try {
    return createRequire(import.meta.url)(file)
  } catch (cause) {
    throw new Error(`the native addon cannot be loaded: ${reasonOf(cause)}: ${REMEDY}`, { cause })
  }
}

/** The dynamic linker's words are the useful ones (`libjpeg.so.62: cannot open shared object file`); only the first line is. */
function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.split('\n', 1)[0] ?? text
}
