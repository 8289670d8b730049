/** `camera-service mediamtx install`: fetches the pinned release, checks it, puts the program where we look for it. */

import { execFile } from 'node:child_process'
import { access, chmod, mkdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { errorText, ServiceError } from '../../base/errors.js'
import { makeFolder } from '../../base/make-folder.js'
import { BINARY_NAME } from '../server/binary.js'
import { download, sha256Of } from './download.js'
import { type Archive, archiveFor, RELEASE_BASE_URL, RELEASE_VERSION } from './release.js'

export interface InstallOptions {
  /** Where the program goes: `mediamtx/` below the state directory is where the service looks. Made when missing. */
  readonly directory: string
  readonly signal: AbortSignal
  readonly onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void
  /** A mirror that serves the archive under its own name. */
  readonly baseUrl?: string
  /** Another archive than the pinned one. */
  readonly archive?: Archive
  readonly idleTimeoutMs?: number
}

export interface Installed {
  readonly file: string
  readonly version: string
  /** `present`: it was there already. */
  readonly outcome: 'installed' | 'present'
}

const IDLE_TIMEOUT_MS = 30_000
const RUN_TIMEOUT_MS = 10_000

const run = promisify(execFile)

/** Rejects with a ServiceError whose `details` say what to do; what was downloaded stays for the next attempt. */
export async function installMediamtx(options: InstallOptions): Promise<Installed> {
  const archive = options.archive ?? archiveFor(process.arch)
  if (archive === undefined) throw failed(`there is no MediaMTX ${RELEASE_VERSION} for ${process.arch}`)
  const directory = resolve(options.directory)
  const file = join(directory, BINARY_NAME)
  await makeFolder(directory, 0o700).catch((thrown: unknown) => {
    throw failed(`cannot make ${directory}: ${errorText(thrown)}`, thrown)
  })
  if ((await versionOf(file)) === RELEASE_VERSION) return { file, version: RELEASE_VERSION, outcome: 'present' }

  // An archive that somebody carried here by hand is as good: it is checked all the same.
  const archiveFile = join(directory, archive.name)
  if (!(await exists(archiveFile))) await fetchArchive(options, archive, archiveFile)
  const digest = await sha256Of(archiveFile)
  if (digest !== archive.sha256) {
    await rm(archiveFile, { force: true })
    throw failed(`${archive.name} is not the published file (SHA-256 ${digest}, expected ${archive.sha256}); it was removed`)
  }
  await unpack(archiveFile, directory, file, options.signal)
  await rm(archiveFile, { force: true })
  return { file, version: RELEASE_VERSION, outcome: 'installed' }
}

async function fetchArchive(options: InstallOptions, archive: Archive, archiveFile: string): Promise<void> {
  const url = `${options.baseUrl ?? RELEASE_BASE_URL}/${archive.name}`
  const partFile = `${archiveFile}.part`
  try {
    await download({
      url,
      partFile,
      signal: options.signal,
      idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    })
  } catch (thrown) {
    options.signal.throwIfAborted()
    const remedy = `download it where there is internet, copy it to ${archiveFile} and run this command again`
    throw failed(
      `cannot download ${url} (${errorText(thrown)}). Without internet: ${remedy}. With it, a cut download goes on`,
      thrown,
    )
  }
  await rename(partFile, archiveFile)
}

/** The program appears under its name whole or not at all. */
async function unpack(archiveFile: string, directory: string, file: string, signal: AbortSignal): Promise<void> {
  const stage = join(directory, `.unpack-${process.pid}`)
  try {
    await mkdir(stage, { mode: 0o700 })
    await run('tar', ['-xzf', archiveFile, '-C', stage, BINARY_NAME], { signal })
    await chmod(join(stage, BINARY_NAME), 0o755)
    const version = await versionOf(join(stage, BINARY_NAME))
    if (version === undefined) throw new Error('the program in it does not run on this machine')
    await rename(join(stage, BINARY_NAME), file)
  } catch (thrown) {
    signal.throwIfAborted()
    throw failed(`cannot unpack ${archiveFile}: ${errorText(thrown)}`, thrown)
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

/** `1.20.1`; `undefined` when it is not there or does not run. */
async function versionOf(file: string): Promise<string | undefined> {
  if (!(await exists(file))) return undefined
  return await run(file, ['--version'], { timeout: RUN_TIMEOUT_MS, env: {} }).then(
    ({ stdout }) => stdout.trim().replace(/^v/, ''),
    () => undefined,
  )
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  )
}

function failed(detail: string, cause?: unknown): ServiceError {
  return new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'MediaMTX', detail }, details: detail, cause })
}
