import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { IdStore } from '../../../../src/cameras/registry/id-store.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ids-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const store = () => new IdStore({ stateDir: dir, logger: createLogger({ level: 'silent', format: 'json' }) })
const table = (number: number) => new Map([['usb-a', { number, model: 'm', port: 'p' }]])

describe('the store of camera ids', () => {
  it('gives back what was saved', async () => {
    await store().save(table(3))
    expect(await store().load()).toEqual(table(3))
    expect(readdirSync(dir)).toEqual(['camera-ids.json'])
  })

  it('starts empty without a file', async () => {
    expect(await store().load()).toEqual(new Map())
  })

  it('ends with the newest of many tables', async () => {
    const ids = store()
    await Promise.all(Array.from({ length: 20 }, (_, number) => ids.save(table(number))))
    expect(await store().load()).toEqual(table(19))
  })

  it('sets a damaged file aside, wherever it is cut', async () => {
    await store().save(table(3))
    const whole = readFileSync(join(dir, 'camera-ids.json'), 'utf8')
    for (let length = 0; length < whole.length - 2; length += 1) {
      writeFileSync(join(dir, 'camera-ids.json'), whole.slice(0, length))
      expect(await store().load()).toEqual(new Map())
      expect(readFileSync(join(dir, 'camera-ids.json.damaged'), 'utf8')).toBe(whole.slice(0, length))
    }
  })

  it('does not read a file of another version as its own', async () => {
    writeFileSync(
      join(dir, 'camera-ids.json'),
      JSON.stringify({ version: 2, cameras: { a: { number: 1, model: '', port: '' } } }),
    )
    expect(await store().load()).toEqual(new Map())
  })

  it('refuses a file in which two cameras share a number', async () => {
    writeFileSync(
      join(dir, 'camera-ids.json'),
      JSON.stringify({ version: 1, cameras: { a: { number: 1, model: '', port: '' }, b: { number: 1, model: '', port: '' } } }),
    )
    expect(await store().load()).toEqual(new Map())
  })
})
