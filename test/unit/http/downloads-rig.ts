import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { createTokens, Tickets } from '../../../src/auth/index.js'
import { systemClock } from '../../../src/base/clock.js'
import { ServiceError } from '../../../src/base/errors.js'
import { createLogger } from '../../../src/base/logger.js'
import { DownloadDesk, Downloads, type FilesPort, PlainServer, TicketRoute } from '../../../src/http/index.js'
import { ask, type RawAnswer } from '../../support/raw-http.js'

export const clock = systemClock
export const lines: string[] = []
export const logger = createLogger({ level: 'error', format: 'json', write: (line) => void lines.push(line) })
export const tokens = createTokens({
  secret: 'a secret of the tests, longer than 32 bytes',
  leewayMs: 0,
  maxLifetimeMs: 0,
  clock,
})
export const tokenOf = (userId: string) => tokens.sign({ userId, role: 'viewer', lifetimeMs: 600_000 })
export const viewer = tokenOf('eve')
export const AUTH = { Authorization: `Bearer ${viewer}` }
export const BIG = 24 * 1024 * 1024

export const base = mkdtempSync(join(tmpdir(), 'downloads-'))
export const roots = { recording: join(base, 'recordings'), snapshot: join(base, 'snapshots') }
export const clip = randomBytes(300_000)
export const big = randomBytes(BIG)
/** Files that are held now. */
let held = 0
export const heldNow = (): number => held
/** Every name of the folder, whatever it is: what the file index keeps away has to be refused here as well. */
export const files: FilesPort = {
  async hold(kind, filename) {
    const root = roots[kind]
    const found = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((name) => name.split('/').at(-1) === filename)
    if (filename === 'under-way.mp4') throw new ServiceError('INVALID_STATE')
    if (found === undefined) throw new ServiceError(kind === 'recording' ? 'RECORDING_NOT_FOUND' : 'SNAPSHOT_NOT_FOUND')
    held += 1
    const release = () => {
      held -= 1
    }
    return { root, path: join(root, found), name: filename, release }
  },
}
export const tickets = new Tickets({ clock, lifetimeMs: 60_000 })
export const options = { tickets, credentials: tokens, allowedOrigins: ['http://localhost:3000'], clock, logger }
export const desk = new DownloadDesk({ ...options, files, limits: { max: 6, maxPerIdentity: 4 } })
const downloads = new Downloads({ ...options, desk, slow: { bytes: 2_048, withinMs: 2_000 } })
export const server = new PlainServer({
  name: 'files',
  address: { host: '127.0.0.1', port: 0, key: 'server.port' },
  routes: [downloads, new TicketRoute(options)],
  clock,
  logger,
})

export const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawAnswer> =>
  ask(server.port, method, path, { headers: { ...AUTH, ...headers } })
export const bytesOf = ({ body }: RawAnswer): Buffer => Buffer.from(body, 'latin1')
export const CLIP = '/files/recordings/clip.mp4'

beforeAll(async () => {
  mkdirSync(join(roots.recording, 'camera0'), { recursive: true })
  mkdirSync(roots.snapshot)
  writeFileSync(join(roots.recording, 'clip.mp4'), clip)
  writeFileSync(join(roots.recording, 'big.mp4'), big)
  writeFileSync(join(roots.recording, 'camera0', 'sub.mkv'), 'sub')
  writeFileSync(join(roots.recording, 'empty.mp4'), '')
  writeFileSync(join(roots.snapshot, 'käse "50%41".jpg'.replaceAll('"', '')), 'jpeg')
  writeFileSync(join(base, 'secret.mp4'), 'SECRET')
  await server.start(new AbortController().signal)
})
afterAll(async () => {
  await server.stop()
  rmSync(base, { recursive: true, force: true })
})
