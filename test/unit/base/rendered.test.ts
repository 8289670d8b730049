import { expect, it } from 'vitest'
import { Rendered } from '../../../src/base/rendered.js'

it('makes its JSON once', () => {
  let made = 0
  const rendered = new Rendered({
    toJSON: () => {
      made += 1
      return 'text'
    },
  })
  expect([rendered.json, rendered.json, made]).toEqual(['"text"', '"text"', 1])
})

it('keeps JSON made elsewhere as it is, and knows its value', () => {
  const rendered = Rendered.fromJson<{ a: number }>('{ "a": 1 }')
  expect(rendered.json).toBe('{ "a": 1 }')
  expect(rendered.value).toEqual({ a: 1 })
  expect(rendered.value).toBe(rendered.value)
})

it.each(['null', 'false', '0', '""'])('knows the value %s', (json) => {
  expect(Rendered.fromJson(json).value).toEqual(JSON.parse(json))
})
