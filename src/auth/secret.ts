/** The secret that signs tokens: the configured one, else one made once and kept in the state directory. */

import { randomBytes } from 'node:crypto'
import { link, open, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../base/durable-file.js'
import { tooOpen } from '../base/secret-mode.js'
import { inStateDir, isErrno } from './state-dir.js'
import type { PreviousSecret } from './tokens.js'

const FILE = 'jwt-secret'
const PREVIOUS = 'jwt-secret.previous'
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

/**
 * Puts a new secret in the place of the kept one, which is kept beside it for its grace time. Whatever happens meanwhile, a whole secret is
 * in place. Rejects as `loadSecret`.
 */
export async function rotateSecret(stateDir: string): Promise<void> {
  const file = join(stateDir, FILE)
  await inStateDir(stateDir, async () => {
    await writeWhole(join(stateDir, PREVIOUS), `${await keptSecret(file)}\n`, { newMode: 0o600 })
    await writeWhole(file, `${randomBytes(BYTES).toString('base64url')}\n`, { newMode: 0o600 })
  })
}

/** The secret before the kept one while its grace time, counted from the rotation, is not over. */
export async function previousSecret(stateDir: string, graceMs: number, wallMs: number): Promise<PreviousSecret | undefined> {
  const file = join(stateDir, PREVIOUS)
  const found = await stat(file).catch(() => undefined)
  if (found === undefined || found.mtimeMs + graceMs <= wallMs) return undefined
  const secret = await inStateDir(stateDir, () => readSecret(file))
  return secret === undefined ? undefined : { secret, endsAtMs: found.mtimeMs + graceMs }
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
  const openness = await tooOpen(file)
  if (openness !== undefined) throw new Error(`${file}: ${openness}; chmod 0600 ${file}`)
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
