import { describe, expect, it } from 'vitest'
import { assignNumber, type IdTable, type SeenCamera } from '../../../../src/cameras/registry/ids.js'

const seen = (overrides: Partial<SeenCamera>): SeenCamera => ({
  id: 'usb-a',
  aliases: [],
  model: '046d:0825',
  port: 'usb1/1',
  nodeNumber: 0,
  ...overrides,
})
const around = { pins: new Map<string, number>(), left: new Set<string>(), present: new Set<string>() }
const table = (entries: Record<string, [number, string, string]>): IdTable =>
  new Map(Object.entries(entries).map(([id, [number, model, port]]) => [id, { number, model, port }]))

describe('ids of cameras', () => {
  it('takes the number of the node at first sight', () => {
    expect(assignNumber(new Map(), seen({ nodeNumber: 4 }), around).number).toBe(4)
  })

  it('takes the lowest free number when the one of the node is taken', () => {
    const known = table({ 'usb-x': [0, 'm', 'p'], 'usb-y': [2, 'm', 'q'] })
    expect(assignNumber(known, seen({ nodeNumber: 2 }), around).number).toBe(1)
  })

  it('keeps the number whatever node the camera comes back as', () => {
    const first = assignNumber(new Map(), seen({ nodeNumber: 3 }), around)
    expect(assignNumber(first.table, seen({ nodeNumber: 7 }), around).number).toBe(3)
  })

  it('gives the same table back for a camera that is known as it is, so that nothing is stored', () => {
    const first = assignNumber(new Map(), seen({ nodeNumber: 3 }), around)
    expect(assignNumber(first.table, seen({ nodeNumber: 7 }), around).table).toBe(first.table)
    expect(assignNumber(first.table, seen({ port: 'usb1/8' }), around).table).not.toBe(first.table)
  })

  it('keeps the number under a new key when the old one is an alias', () => {
    const first = assignNumber(new Map(), seen({ id: 'usb-serial', nodeNumber: 1 }), around)
    const second = assignNumber(first.table, seen({ id: 'usb-@port', aliases: ['usb-serial'], nodeNumber: 5 }), around)
    expect(second.number).toBe(1)
    expect([...second.table.keys()]).toEqual(['usb-@port'])
  })

  it('knows an absent camera of the same model at the same port under another key', () => {
    const known = table({ 'usb-old': [6, '046d:0825', 'usb1/1'] })
    expect(assignNumber(known, seen({ id: 'usb-new' }), around).number).toBe(6)
    expect(assignNumber(known, seen({ id: 'usb-new' }), { ...around, present: new Set(['usb-old']) }).number).toBe(0)
  })

  it('follows the only camera of a model that left to another port', () => {
    const known = table({ 'usb-old': [6, '046d:0825', 'usb1/9'] })
    expect(assignNumber(known, seen({ id: 'usb-new' }), { ...around, left: new Set(['usb-old']) }).number).toBe(6)
    expect(assignNumber(known, seen({ id: 'usb-new' }), around).number).toBe(0)
  })

  it('does not guess between two cameras of a model that left', () => {
    const known = table({ a: [6, '046d:0825', 'usb1/8'], b: [7, '046d:0825', 'usb1/9'] })
    expect(assignNumber(known, seen({ id: 'usb-new' }), { ...around, left: new Set(['a', 'b']) }).number).toBe(0)
  })

  it('frees the former number of a camera that is pinned now', () => {
    const before = table({ 'usb-old': [5, 'm', 'p'] })
    const pins = new Map([['usb-a', 2]])
    const { number, table: after } = assignNumber(before, seen({ aliases: ['usb-old'] }), { ...around, pins })
    expect([number, [...after.keys()]]).toEqual([2, ['usb-a']])
  })

  it('gives a pinned number to its camera only', () => {
    const pins = new Map([['usb-pinned', 0]])
    expect(assignNumber(new Map(), seen({ id: 'usb-other', nodeNumber: 0 }), { ...around, pins }).number).toBe(1)
    const before = table({ 'usb-other': [0, 'm', 'p'] })
    const pinned = assignNumber(before, seen({ id: 'usb-pinned', nodeNumber: 3 }), { ...around, pins })
    expect(pinned.number).toBe(0)
    expect(pinned.table.has('usb-other')).toBe(false)
    expect(assignNumber(before, seen({ id: 'usb-other', nodeNumber: 0 }), { ...around, pins }).number).toBe(1)
  })
})
