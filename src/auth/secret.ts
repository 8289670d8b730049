/** The secret that signs tokens: the configured one, else one made once and kept in the state directory. */

import { randomBytes } from 'node:crypto'
import { link, open, readFile, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { inStateDir, isErrno } from './state-dir.js'

const FILE = 'jwt-secret'
const BYTES = 48

export interface SecretOptions {
  /** `security.jwt_secret_key`; its strength was checked with the configuration. */
  readonly configured: string | null
  /** Created when missing. */
  readonly stateDir: string
}

/**
 * The secret to sign with. Two processes that start at once agree on one: the file appears whole or not at all.
 * Rejects with one line naming the remedy when the state directory cannot be used or the kept secret is cut short.
 */
export async function loadSecret({ configured, stateDir }: SecretOptions): Promise<string> {
  if (configured !== null) return configured
  return inStateDir(stateDir, () => keptSecret(join(stateDir, FILE)))
}

async function keptSecret(file: string): Promise<string> {
  const kept = await readSecret(file)
  if (kept !== undefined) return kept
  await createSecret(file)
  return keptSecret(file)
}

async function readSecret(file: string): Promise<string | undefined> {
  let text: string
  try {
    text = (await readFile(file, 'utf8')).trim()
  } catch (thrown) {
    if (isErrno(thrown, 'ENOENT')) return undefined
    throw thrown
  }
  if (text.length < 32) throw new Error(`${file}: the secret is blank or cut short; delete the file to have a new one made`)
  return text
}

async function createSecret(file: string): Promise<void> {
  const temporary = `${file}.${randomBytes(8).toString('hex')}`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(`${randomBytes(BYTES).toString('base64url')}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    // Unlike rename, link never replaces a secret that another process made meanwhile.
    await link(temporary, file)
  } catch (thrown) {
    if (!isErrno(thrown, 'EEXIST')) throw thrown
  } finally {
    await unlink(temporary)
  }
}
