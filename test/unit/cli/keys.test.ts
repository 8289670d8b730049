import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { KeyShape } from '../../../src/auth/index.js'
import { parseExpiry } from '../../../src/cli/keys/expiry.js'
import { adminMain } from '../../../src/cli/keys/main.js'
import { FakeTerminal } from './fake-terminal.js'

const DAY = 86_400_000
const dirs: string[] = []

afterEach(async () => {
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true })
})

it('generates a key, shown once: as a table and as JSON', async () => {
  const { run, json, stateDir } = await stage()
  const { code, out } = await run('keys generate --role admin --description door')
  expect(code).toBe(0)
  expect(out).toMatch(/^ID: +[0-9a-f-]{36}\nKey: +csk_[\w-]{43}=\nRole: +admin\nExpires: +\S+Z\nDescription: +door\n/)
  expect(out).toContain('shown this once only')
  const made = await json<KeyShape & { key: string }>('keys generate -role viewer -expiry 12h -format json')
  expect(Object.keys(made)).toEqual([
    ...['id', 'key', 'role', 'created_at', 'expires_at', 'description', 'last_used', 'usage_count', 'status'],
  ])
  expect(made).toMatchObject({ role: 'viewer', status: 'active', last_used: '0001-01-01T00:00:00Z', usage_count: 0 })
  expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(DAY / 2)
  expect(await readFile(join(stateDir, 'api-key-hashes.json'), 'utf8')).not.toContain(made.key)
})

it('lists by role and status, and never the key', async () => {
  const { run, json } = await stage()
  expect((await run('keys list')).out).toBe('No keys found\n')
  const { id, key } = await json<{ id: string; key: string }>('-format=json keys generate --role viewer --description a')
  await run('keys generate --role admin')
  const { out } = await run('keys list --role viewer')
  expect(out.split('\n')[0]).toMatch(/^ID +Role +Status +Expires +Description$/)
  expect(out).toContain(`${id}  viewer  active`)
  expect(out).not.toContain('admin')
  expect(JSON.stringify(await json('keys list --format json'))).not.toContain(key)
  expect(await json('keys list --format json --status revoked')).toEqual([])
})

it('revokes, rotates, exports, cleans up and counts', async () => {
  const { run, json, stateDir } = await stage()
  const { id } = await json<{ id: string }>('keys generate --role viewer --format json')
  expect(await run(`keys revoke --key-id ${id}`)).toMatchObject({ code: 0, out: `Key ${id} revoked\n` })
  await run('keys generate --role operator --description tv')
  expect((await run('keys rotate --role operator --force')).out).toMatch(
    /^Keys of role operator rotated: 1\n[\s\S]*tv \(rotated\)/,
  )
  const output = join(stateDir, 'exported.json')
  expect((await run(`keys export --key-id ${id} --output ${output}`)).code).toBe(0)
  expect((await stat(output)).mode & 0o777).toBe(0o600)
  const exported = JSON.parse(await readFile(output, 'utf8')) as object
  expect(exported).toMatchObject({ key: { id, status: 'revoked' }, exported_by: 'camera-service-cli' })
  expect(Object.keys(exported)).toEqual(['key', 'exported_at', 'exported_by'])
  expect((await run('keys cleanup')).out).toBe('No expired keys found\n')
  expect(await json('keys stats --format json')).toEqual({
    ...{ total_keys: 3, active_keys: 1, revoked_keys: 2, expired_keys: 0 },
    keys_by_role: { viewer: 1, operator: 2, admin: 0 },
  })
  expect((await run('keys stats')).out).toMatch(/^Total keys: +3\n/)
})

it('removes only what is over, and nothing in a dry run', async () => {
  const { run, json, stateDir } = await stage()
  await run('keys generate --role viewer')
  await run('keys generate --role viewer')
  const file = join(stateDir, 'api-key-hashes.json')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace(/"expires_at": "[^"]+"/, '"expires_at": "2001-01-01T00:00:00Z"'))
  expect((await run('keys cleanup --dry-run')).out).toBe('1 expired key would be removed\n')
  expect((await run('keys cleanup')).out).toBe('Removed 1 expired key\n')
  expect(await json<unknown[]>('keys list --format json')).toHaveLength(1)
})

it('keeps to the largest number of keys unless forced', async () => {
  const { run } = await stage({ CAMERA_SERVICE_API_KEY_MANAGEMENT_MAX_KEYS_PER_ROLE: '1' })
  await run('keys generate --role viewer')
  expect(await run('keys generate --role viewer')).toMatchObject({ code: 1, err: expect.stringContaining('use --force') })
  expect((await run('keys generate --role viewer --force')).code).toBe(0)
})

it('version and help', async () => {
  const { run } = await stage()
  expect(await run('version')).toMatchObject({ code: 0, out: 'camera-service-cli version 1.0.0\n' })
  for (const words of ['help', '', '--help', '-help', 'keys --help']) {
    expect((await run(words)).out, words).toContain('Usage: camera-service-cli')
  }
  expect((await run('keys generate --help')).out).toMatch(/--role ROLE +viewer, operator or admin \(required\)/)
})

it.each([
  ['kyes list', 'unknown command "kyes", did you mean keys?; see help'],
  ['keys', 'keys needs one of generate, list'],
  ['keys lst', 'unknown command keys "lst", did you mean list?; see help'],
  ['keys list extra', 'unexpected word "extra" after keys list'],
  ['keys list --rôle viewer', 'unknown option'],
  ['keys list --roles viewer', 'unknown option --roles, did you mean role?'],
  ['keys list --expiry 1d', 'keys list has no option --expiry'],
  ['keys generate', 'keys generate needs --role'],
  ['keys generate --role root', '"root" is no role, valid roles: viewer, operator, admin'],
  ['keys generate --role', '--role needs a value (ROLE)'],
  ['keys generate --role viewer --expiry soon', '--expiry is a time such as 90d, 1y or 12h'],
  ['keys generate --role viewer --description a\u0007b', '--description has at most'],
  ['keys list --status gone', '--status is one of active, revoked, expired'],
  ['keys list -format xml', '-format is one of table, json'],
  ['keys revoke --key-id nobody', 'there is no key "nobody"; keys list shows the ids'],
  ['keys rotate --role viewer', 'there is no active key of role viewer to rotate'],
  ['-config /nowhere/config.yaml keys list', '/nowhere/config.yaml'],
])('%s: exit 1 and one line', async (words, line) => {
  const { run } = await stage()
  const { code, out, err } = await run(words)
  expect([code, out]).toEqual([1, ''])
  expect(err).toContain(line)
  expect(err).toMatch(/^camera-service-cli: [^\n]+$/)
})

it('may be switched off, and tells which files it uses', async () => {
  const { run, stateDir } = await stage()
  expect((await run('-verbose keys list')).err).toContain(`keys: ${join(stateDir, 'api-key-hashes.json')}`)
  const off = await stage({ CAMERA_SERVICE_API_KEY_MANAGEMENT_CLI_ENABLED: 'false' })
  expect((await off.run('keys list')).err).toContain('api_key_management.cli_enabled is false')
})

it.each([
  ['90d', 90 * DAY],
  ['1y', 365 * DAY],
  ['12h', DAY / 2],
  ['1h30m', 5_400_000],
  ['1500ms', 1500],
  ['0.5h', 1_800_000],
])('reads the lifetime %s', (text, ms) => expect(parseExpiry(text)).toBe(ms))

it.each(['', '0', '0s', '90', '-1d', 'd', '1w', '1e3s', '9999999y', '1d '])('refuses the lifetime %j', (text) => {
  expect(parseExpiry(text)).toBeUndefined()
})

async function stage(env: Readonly<Record<string, string>> = {}) {
  const stateDir = await mkdtemp(join(tmpdir(), 'cli-keys-'))
  dirs.push(stateDir)
  const run = async (words: string) => {
    const terminal = new FakeTerminal(stateDir, {
      CAMERA_SERVICE_STATE_DIR: stateDir,
      CAMERA_SERVICE_API_KEYS_PATH: join(stateDir, 'none.json'),
      ...env,
    })
    const argv = words.split(' ').filter((word) => word !== '')
    const code = await adminMain(argv, terminal)
    return { code, out: terminal.printed, err: terminal.complaints.join('\n') }
  }
  const json = async <Shape>(words: string): Promise<Shape> => {
    const { code, out, err } = await run(words)
    if (code !== 0) throw new Error(err)
    return JSON.parse(out) as Shape
  }
  return { stateDir, run, json }
}
