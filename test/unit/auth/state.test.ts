import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTokens, firstStartToken, loadSecret } from '../../../src/auth/index.js'
import { FakeClock } from '../../support/fake-clock.js'

let stateDir: string

beforeEach(async () => {
  stateDir = join(await mkdtemp(join(tmpdir(), 'auth-')), 'state')
})

afterEach(() => rm(join(stateDir, '..'), { recursive: true }))

describe('loadSecret', () => {
  it('uses the configured one and writes nothing', async () => {
    expect(await loadSecret({ configured: 'mine', stateDir })).toBe('mine')
    await expect(stat(stateDir)).rejects.toThrow('ENOENT')
  })

  it('makes one of its own once, readable by nobody else', async () => {
    const made = await loadSecret({ configured: null, stateDir })
    expect(Buffer.from(made, 'base64url').length).toBeGreaterThanOrEqual(32)
    expect(await loadSecret({ configured: null, stateDir })).toBe(made)
    expect(await readdir(stateDir)).toEqual(['jwt-secret'])
    expect((await stat(join(stateDir, 'jwt-secret'))).mode & 0o777).toBe(0o600)
  })

  it('gives all that start at once the same', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => loadSecret({ configured: null, stateDir })))
    expect(new Set(made).size).toBe(1)
    expect(await readdir(stateDir)).toEqual(['jwt-secret'])
  })

  it.each(['', '\n', '   ', 'short'])('refuses the kept secret %j and leaves it as it is', async (kept) => {
    await loadSecret({ configured: null, stateDir })
    await writeFile(join(stateDir, 'jwt-secret'), kept)
    await expect(loadSecret({ configured: null, stateDir })).rejects.toThrow('delete the file')
    expect(await readFile(join(stateDir, 'jwt-secret'), 'utf8')).toBe(kept)
  })
})

describe('firstStartToken', () => {
  const tokens = createTokens({ secret: 'x', leewayMs: 0, maxLifetimeMs: 0, clock: new FakeClock() })
  const options = () => ({ stateDir, tokens, lifetimeMs: 3_600_000 })

  it('gives an admin token once per state directory, whoever asks', async () => {
    const asked = await Promise.all(Array.from({ length: 10 }, () => firstStartToken(options())))
    const given = asked.filter((token) => token !== undefined)
    expect(given.map((token) => tokens.verify(token).role)).toEqual(['admin'])
    expect(await firstStartToken(options())).toBeUndefined()
  })

  it('does not hide that the directory cannot be used', async () => {
    await writeFile(stateDir, 'a file')
    const line = /^state_dir: .*: EEXIST.*; make it writable for this user or set state_dir to another folder$/
    await expect(firstStartToken(options())).rejects.toThrow(line)
    await expect(loadSecret({ configured: null, stateDir })).rejects.toThrow(line)
  })
})
