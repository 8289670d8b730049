import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import bcrypt from 'bcrypt'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  addKey,
  dropExpired,
  isExpired,
  KeyFile,
  type KeyMaking,
  Keyring,
  keyTotals,
  listKeys,
  type Role,
  revokeKey,
  rotateKeys,
} from '../../../src/auth/index.js'
import { ServiceError } from '../../../src/base/errors.js'
import { createLogger } from '../../../src/base/logger.js'
import { FakeClock } from '../../support/fake-clock.js'

const DAY = 86_400_000
const MAKING: KeyMaking = { length: 32, prefix: 'csk_', format: 'base64url' }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

describe('an API key', () => {
  it('opens what its role allows, is shown once and kept by its hash in a file for the service alone', async () => {
    const { make, keyring, file, text } = await stage()
    const key = await make('operator')
    expect(key).toMatch(/^csk_[\w-]{43}=$/)
    await keyring.reload()
    expect(await keyring.verify(key)).toMatchObject({ role: 'operator' })
    expect(await text()).not.toContain(key.slice(12, 30))
    expect((await stat(file.path)).mode & 0o777).toBe(0o600)
    expect(refusal(keyring, `${key.slice(0, -2)}x=`)).toBe('AUTH_FAILED: this API key is unknown')
    expect(refusal(keyring, 'x'.repeat(5000))).toBe('AUTH_FAILED: this is not an API key')
  })

  it.each(['base64', 'hex'] as const)('may be written as %s', async (format) => {
    const { keyring, file } = await stage()
    const making = { ...MAKING, format }
    let key = ''
    await file.change((records) => {
      const { records: next, made } = addKey(records, wish('viewer'), making, 0)
      key = made.key
      return next
    })
    await keyring.reload()
    expect(await keyring.verify(key)).toMatchObject({ role: 'viewer' })
  })

  it('ends for its open sessions when it is revoked, removed or over', async () => {
    const { make, keyring, file, clock } = await stage()
    const [one, two, three] = [await make('admin'), await make('admin'), await make('admin', DAY)]
    await keyring.reload()
    const identities = await Promise.all([one, two, three].map((key) => keyring.verify(key)))
    const told: number[] = []
    identities.forEach((identity, index) => void identity.onRevoked?.(() => told.push(index)))
    await file.change((records) => revokeKey(records, idOf(identities[0])))
    await file.change((records) => new Map([...records].filter(([id]) => id !== idOf(identities[1]))))
    expect(identities.map((identity) => isExpired(identity, clock.wallMs()))).toEqual([false, false, false])
    await keyring.reload()
    expect(identities.map((identity) => isExpired(identity, clock.wallMs()))).toEqual([true, true, false])
    expect(told).toEqual([0, 1])
    expect(refusal(keyring, one)).toBe('AUTH_FAILED: this API key is revoked')
    expect(refusal(keyring, two)).toBe('AUTH_FAILED: this API key is unknown')
    clock.advance(DAY)
    expect(isExpired(identities[2] as never, clock.wallMs())).toBe(true)
    expect(refusal(keyring, three)).toBe('AUTH_FAILED: this API key is expired')
  })

  it('is seen without being asked for when another program changes the file', async () => {
    const { make, keyring, clock } = await stage()
    const key = await make('viewer')
    await vi.waitFor(() => {
      clock.advance(100)
      expect(refusal(keyring, key)).toBe('accepted')
    })
  })

  it('is counted, now and then and at the end, beside what others write', async () => {
    const { make, keyring, file, clock } = await stage()
    const key = await make('viewer')
    await keyring.reload()
    for (let login = 0; login < 5; login++) keyring.verify(key)
    await file.change((records) => new Map([...records].map(([id, record]) => [id, { ...record, usageCount: 7 }])))
    await keyring.stop()
    const [record] = (await file.read()).values()
    expect(record).toMatchObject({ usageCount: 12, lastUsedMs: clock.wallMs() })
  })

  it('stays in force while the file is damaged, which is left as it is', async () => {
    const { make, keyring, file, logs, text } = await stage()
    const key = await make('viewer')
    await keyring.reload()
    await writeFile(file.path, '{"version":1,"keys":{"a":{"role":"viewer"}}}')
    await keyring.reload()
    expect(refusal(keyring, key)).toBe('accepted')
    await keyring.stop()
    expect(await text()).toBe('{"version":1,"keys":{"a":{"role":"viewer"}}}')
    expect(logs.filter((line) => line.includes('the API keys are damaged'))).not.toHaveLength(0)
    await expect(file.change(() => new Map())).rejects.toThrow(/api-key-hashes.json: the API keys are damaged; put a good copy/)
  })
})

describe('a file of keys', () => {
  it('holds ten thousand of them', async () => {
    const { make, keyring, file } = await stage()
    const key = await make('viewer')
    await file.change((records) => {
      const next = new Map(records)
      for (const record of records.values()) {
        for (let at = 0; at < 10_000; at++)
          next.set(`gone-${at}`, { ...record, id: `gone-${at}`, lookup: String(at), revoked: true })
      }
      return next
    })
    await keyring.reload()
    expect((await file.read()).size).toBe(10_001)
    expect(refusal(keyring, key)).toBe('accepted')
  })
})

describe('administration', () => {
  it('refuses more active keys of a role than allowed', async () => {
    const { file } = await stage()
    for (let made = 0; made < 3; made++) await file.change((records) => addKey(records, wish('viewer', 3), MAKING, 0).records)
    await expect(file.change((records) => addKey(records, wish('viewer', 3), MAKING, 0).records)).rejects.toThrow(
      /3 active keys of role viewer already, at most 3.*max_keys_per_role, or use --force/,
    )
    const records = await file.change((present) => addKey(present, wish('admin', 3), MAKING, 0).records)
    const [first] = records.keys()
    // A revoked one makes room.
    await file.change((present) => revokeKey(present, first ?? ''))
    await file.change((present) => addKey(present, wish('viewer', 3), MAKING, 0).records)
  })

  it('rotates: a successor with the rest of the lifetime, and the old key ends', () => {
    const { records, made } = addKey(new Map(), { ...wish('viewer'), lifetimeMs: 10 * DAY, description: 'door' }, MAKING, 0)
    const rotated = rotateKeys(records, 'viewer', MAKING, 4 * DAY)
    expect(rotated.made).toHaveLength(1)
    expect(rotated.made[0]?.record).toMatchObject({ description: 'door (rotated)', createdMs: 4 * DAY, expiresMs: 10 * DAY })
    expect(rotated.records.get(made.record.id)).toMatchObject({ revoked: true })
    expect(() => rotateKeys(rotated.records, 'admin', MAKING, 0)).toThrow('no active key of role admin')
  })

  it('counts, lists and cleans up', () => {
    const wall = 100 * DAY
    let records = addKey(new Map(), { ...wish('viewer'), lifetimeMs: DAY }, MAKING, 0).records
    const admin = addKey(records, wish('admin'), MAKING, 0)
    records = revokeKey(admin.records, admin.made.record.id)
    records = addKey(records, wish('admin'), MAKING, 0).records
    expect(keyTotals(records, wall)).toEqual({
      ...{ total_keys: 3, active_keys: 1, revoked_keys: 1, expired_keys: 1 },
      keys_by_role: { viewer: 1, operator: 0, admin: 2 },
    })
    expect(listKeys(records, { role: 'admin', status: 'revoked' }, wall).map(({ id }) => id)).toEqual([admin.made.record.id])
    expect([...dropExpired(records, wall).values()].map(({ role }) => role)).toEqual(['admin', 'admin'])
    expect(() => revokeKey(records, 'nobody')).toThrow('there is no key "nobody"; keys list shows the ids')
  })

  it('loses no change when many write at once, and takes over the lock of a dead writer', async () => {
    const { file } = await stage()
    await writeFile(`${file.path}.lock`, '')
    const longAgo = new Date(Date.now() - 60_000)
    await utimes(`${file.path}.lock`, longAgo, longAgo)
    await Promise.all(
      Array.from({ length: 20 }, () => file.change((records) => addKey(records, wish('viewer'), MAKING, 0).records)),
    )
    expect((await file.read()).size).toBe(20)
    expect((await readdir(join(file.path, '..'))).filter((name) => name.includes('lock'))).toEqual([])
  })
})

describe('older key files', () => {
  const GO_KEY = 'csk_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ='
  const goFile = (status = 'active') =>
    JSON.stringify({
      keys: {
        'id-1': {
          ...{ id: 'id-1', key: GO_KEY, role: 2, created_at: '2030-01-01T00:00:00Z', expires_at: '2031-01-01T00:00:00Z' },
          ...{ description: 'old', last_used: '0001-01-01T00:00:00Z', usage_count: 3, status },
        },
        'id-2': { id: 'id-2', key: `${GO_KEY}2`, role: 'admin', status: 'active' },
        'id-3': { id: 'id-3', key: `${GO_KEY}3`, role: 9, status: 'active' },
      },
    })

  it('imports plain keys, leaves the file as it is, and a revocation on either side counts', async () => {
    const { keyring, file, older, text, logs } = await stage({ older: goFile() })
    expect(await keyring.verify(GO_KEY)).toMatchObject({ role: 'operator' })
    expect(await keyring.verify(`${GO_KEY}2`)).toMatchObject({ role: 'admin' })
    expect(await readFile(older, 'utf8')).toBe(goFile())
    expect(await text()).not.toContain(GO_KEY.slice(8, 30))
    expect(logs.join('')).toContain('could not be understood: id-3')
    await file.change((records) => revokeKey(records, 'id-2'))
    await writeFile(older, goFile('revoked'))
    await file.importOlder()
    await keyring.reload()
    expect([refusal(keyring, GO_KEY), refusal(keyring, `${GO_KEY}2`)]).toEqual([
      'AUTH_FAILED: this API key is revoked',
      'AUTH_FAILED: this API key is revoked',
    ])
  })

  it('refuses a key that is said to be expired, also one that came in as active', async () => {
    const { keyring, file, older } = await stage({ older: goFile('expired') })
    expect(refusal(keyring, GO_KEY)).toBe('AUTH_FAILED: this API key is expired')

    await writeFile(older, goFile().replace('"id":"id-2"', '"id":"id-2","expires_at":"2031-01-01T00:00:00Z"'))
    await file.importOlder()
    await keyring.reload()
    expect(refusal(keyring, GO_KEY)).toBe('AUTH_FAILED: this API key is expired')
    expect(await keyring.verify(`${GO_KEY}2`)).toMatchObject({ role: 'admin' })
    await writeFile(older, goFile().replaceAll('"active"', '"expired"'))
    await file.importOlder()
    await keyring.reload()
    expect(refusal(keyring, `${GO_KEY}2`)).toBe('AUTH_FAILED: this API key is expired')
  })

  it('imports bcrypt hashes, checks each once off the main loop, and keeps a fast hash from then on', async () => {
    const key = 'aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fX'
    const entry = (id: string, hash: string) => ({
      ...{
        key_id: id,
        name: `name of ${id}`,
        role: 'viewer',
        created_at: '2030-01-01T00:00:00',
        expires_at: null,
        last_used: null,
      },
      ...{ is_active: true, key_hash: hash },
    })
    const content = JSON.stringify({
      version: '1.0',
      updated_at: '2030-01-01T00:00:00',
      keys: [
        entry('other', await bcrypt.hash('x'.repeat(32), 6)),
        entry('mine', (await bcrypt.hash(key, 6)).replace('$2b$', '$2y$')),
      ],
    })
    const { keyring, file, older, text } = await stage({ older: content })
    expect(await keyring.verify(key)).toMatchObject({ role: 'viewer', userId: 'api-key:mine' })
    expect((await file.read()).get('mine')).toMatchObject({ lookup: key.slice(0, 8), description: 'name of mine' })
    expect(await text()).not.toContain(key)
    expect(await readFile(older, 'utf8')).toBe(content)
    // At once now, and without a promise.
    expect(keyring.verify(key)).not.toBeInstanceOf(Promise)
    await expect(keyring.verify('z'.repeat(32))).rejects.toThrow('unknown')
  })

  it('says what is wrong with a file of no known shape and goes on', async () => {
    const { logs, make, keyring } = await stage({ older: '[]' })
    expect(logs.join('')).toContain('the file has none of the known shapes')
    const key = await make('viewer')
    await keyring.reload()
    expect(refusal(keyring, key)).toBe('accepted')
  })
})

async function stage({ older }: { readonly older?: string } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'api-keys-'))
  ends.push(() => rm(dir, { recursive: true, force: true }))
  const olderFile = join(dir, 'older.json')
  if (older !== undefined) await writeFile(olderFile, older)
  const stateDir = join(dir, 'state')
  await mkdir(stateDir)
  await chmod(stateDir, 0o700)
  const clock = new FakeClock()
  const logs: string[] = []
  const logger = createLogger({ level: 'info', format: 'json', write: (line) => void logs.push(line) })
  const file = new KeyFile({ stateDir, olderFile, clock })
  const keyring = new Keyring({ file, clock, logger, usageTracking: true, auditLogging: true })
  await keyring.start()
  ends.push(() => keyring.stop())
  const make = async (role: Role, lifetimeMs?: number): Promise<string> => {
    let key = ''
    await file.change((records) => {
      const added = addKey(records, { ...wish(role), lifetimeMs }, MAKING, clock.wallMs())
      key = added.made.key
      return added.records
    })
    return key
  }
  return { clock, logs, file, keyring, make, older: olderFile, text: () => readFile(file.path, 'utf8') }
}

function wish(role: Role, maxPerRole?: number) {
  return { role, description: '', lifetimeMs: undefined, maxPerRole }
}

function idOf(identity: { readonly userId: string } | undefined): string {
  return identity?.userId.replace('api-key:', '') ?? ''
}

function refusal(keyring: Keyring, key: string): string {
  try {
    void keyring.verify(key)
    return 'accepted'
  } catch (thrown) {
    return thrown instanceof ServiceError ? `${thrown.code}: ${thrown.details}` : String(thrown)
  }
}
