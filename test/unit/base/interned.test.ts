import { describe, expect, it } from 'vitest'
import { Interned } from '../../../src/base/interned.js'

describe('interned strings', () => {
  it('read as they came, and no more of them are remembered than may be', () => {
    const interned = new Interned(3)
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) expect(interned.of(name)).toBe(name)
    expect(interned.size).toBe(3)
    expect(interned.of('d')).toBe('d')
    expect(interned.size).toBe(1)
    expect(interned.of('a')).toBe('a')
  })
})
