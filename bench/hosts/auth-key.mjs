// auth-key: checks of API keys, known and unknown, among 10 000, against a bare SHA-256.
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyFile, Keyring } from '../../dist/auth/index.js'
import { fileText } from '../../dist/auth/keys/record.js'
import { keptOf, makeKey } from '../../dist/auth/keys/secret.js'
import { systemClock } from '../../dist/base/clock.js'
import { silent } from '../support/silent.mjs'
import { timeTasks } from '../support/tasks.mjs'

const KEYS = 10_000

const make = () => makeKey({ length: 32, prefix: 'csk_', format: 'base64url' })
const known = Array.from({ length: KEYS }, make)
const unknown = Array.from({ length: KEYS }, make)
const now = Date.now()
const records = new Map(
  known.map((key, at) => {
    const times = { createdMs: now, expiresMs: now + 3_600_000, lastUsedMs: undefined, usageCount: 0 }
    return [`key-${at}`, { id: `key-${at}`, role: 'viewer', description: '', ...times, revoked: false, ...keptOf(key) }]
  }),
)

const folder = await mkdtemp(join(tmpdir(), 'bench-keys-'))
const file = new KeyFile({ stateDir: folder, olderFile: join(folder, 'none'), clock: systemClock })
await writeFile(file.path, fileText(records, now), { mode: 0o600 })
const keyring = new Keyring({ file, clock: systemClock, logger: silent, usageTracking: false, auditLogging: false })
await keyring.reload()

const tasks = {
  hit: (i) => keyring.verify(known[i % KEYS]),
  miss(i) {
    try {
      keyring.verify(unknown[i % KEYS])
    } catch {
      return
    }
    throw new Error('an unknown key was taken')
  },
  sha256: (i) =>
    createHash('sha256')
      .update(known[i % KEYS])
      .digest(),
}
tasks.hit(0)
const values = await timeTasks(tasks, { rounds: Number(process.argv[2]), timeMs: 100 })
await keyring.stop()
await rm(folder, { recursive: true })
console.log(JSON.stringify({ values }))
