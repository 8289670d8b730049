import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { ControlStore } from '../../../../src/cameras/controls/control-store.js'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'controls-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const store = () => new ControlStore({ stateDir: dir, logger: createLogger({ level: 'silent', format: 'json' }) })
const set = (name: string, value: number | string = 1) => new Map([[name, { id: 0x980900, value }]])
const names = async (identity: string) => [...(await store().of(identity)).keys()]

describe('the store of controls', () => {
  it('gives back what was remembered, by camera', async () => {
    const controls = store()
    await controls.remember('usb-a', set('gain', 7))
    await controls.remember('usb-a', set('label', 'door'))
    await controls.remember('usb-b', set('focus'))
    expect(await store().of('usb-a')).toEqual(new Map([...set('gain', 7), ...set('label', 'door')]))
    expect(await names('usb-b')).toEqual(['focus'])
    expect(await names('usb-c')).toEqual([])
    expect(readdirSync(dir)).toEqual(['controls.json'])
  })

  it('reads no file before its first use', () => {
    writeFileSync(join(dir, 'controls.json'), 'not JSON')
    store()
    expect(readdirSync(dir)).toEqual(['controls.json'])
  })

  it('forgets by name, and the camera with its last', async () => {
    const controls = store()
    await controls.remember('usb-a', new Map([...set('gain'), ...set('focus')]))
    await controls.forget('usb-a', ['gain', 'zoom'])
    expect(await names('usb-a')).toEqual(['focus'])
    await controls.forget('usb-a', ['focus'])
    expect(JSON.parse(readFileSync(join(dir, 'controls.json'), 'utf8'))).toEqual({ version: 1, cameras: {} })
  })

  it('keeps the cameras that were set last', async () => {
    const controls = store()
    for (let camera = 0; camera < 300; camera++) await controls.remember(`usb-${camera}`, set('gain'))
    await controls.remember('usb-44', set('gain'))
    expect(await names('usb-43')).toEqual([])
    expect(await names('usb-44')).toEqual(['gain'])
    expect(await names('usb-299')).toEqual(['gain'])
  })

  it('keeps at most 512 controls of a camera, and renews those it has', async () => {
    const controls = store()
    for (let number = 0; number < 520; number++) await controls.remember('usb-a', set(`c${number}`))
    await controls.remember('usb-a', set('c3', 9))
    const known = await store().of('usb-a')
    expect(known.size).toBe(512)
    expect(known.get('c3')?.value).toBe(9)
  })

  it('sets a damaged file aside, wherever it is cut', async () => {
    await store().remember('usb-a', set('gain'))
    const whole = readFileSync(join(dir, 'controls.json'), 'utf8')
    for (let length = 0; length < whole.length - 2; length += 1) {
      writeFileSync(join(dir, 'controls.json'), whole.slice(0, length))
      expect(await names('usb-a')).toEqual([])
      expect(readFileSync(join(dir, 'controls.json.damaged'), 'utf8')).toBe(whole.slice(0, length))
    }
  })

  it.each([
    ['another version', { version: 2, cameras: {} }],
    ['a value that is none', { version: 1, cameras: { a: { gain: { id: 1, value: true } } } }],
    ['an id that is none', { version: 1, cameras: { a: { gain: { id: -1, value: 1 } } } }],
    ['a list of controls', { version: 1, cameras: { a: [] } }],
  ])('does not read %s', async (_, content) => {
    writeFileSync(join(dir, 'controls.json'), JSON.stringify(content))
    expect(await names('a')).toEqual([])
    expect(readdirSync(dir)).toEqual(['controls.json.damaged'])
  })
})
