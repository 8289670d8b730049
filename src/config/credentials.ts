/** Settings from the files that systemd's `LoadCredential=` gives a service: secrets, by the names of the unit. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tooOpen } from '../base/secret-mode.js'
import type { Environment, Found } from './environment.js'
import type { Fault } from './fault.js'
import type { Setting } from './setting.js'

/** Name of the credential: key path. */
const CREDENTIALS = {
  'jwt-secret': 'security.jwt_secret_key',
  'jwt-previous-secret': 'security.jwt_previous_secret_key',
} as const

/** Which files there are is up to the unit: none is missed. */
export async function readCredentials({ CREDENTIALS_DIRECTORY: folder }: Environment): Promise<Found> {
  const settings: Setting[] = []
  const faults: Fault[] = []
  if (folder !== undefined && folder !== '') {
    for (const [name, path] of Object.entries(CREDENTIALS)) {
      const where = join(folder, name)
      try {
        const text = await readFile(where, 'utf8')
        const rule = await tooOpen(where)
        if (rule !== undefined) faults.push({ where, key: path, value: 'not shown', rule, remedy: `chmod 0400 ${where}` })
        settings.push({ path, value: text.replace(/\r?\n$/, ''), where, from: 'credential' })
      } catch (thrown) {
        const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error'
        if (code === 'ENOENT') continue
        faults.push({ where, rule: `the credential cannot be read (${code})`, remedy: 'correct LoadCredential= in the unit' })
      }
    }
  }
  return { settings, warnings: [], withoutMeaning: [], faults }
}
