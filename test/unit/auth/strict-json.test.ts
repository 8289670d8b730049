import { array, assert, dictionary, jsonValue, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isStrictJson } from '../../../src/auth/strict-json.js'

const DEEP = 100

describe('isStrictJson', () => {
  it('takes whatever JSON.stringify makes, with and without spaces', () => {
    assert(
      property(jsonValue({ maxDepth: 4 }), (value) => {
        expect(isStrictJson(JSON.stringify(value), DEEP)).toBe(true)
        expect(isStrictJson(JSON.stringify(value, null, 2), DEEP)).toBe(true)
      }),
    )
  })

  it('sees a member named twice, wherever it is and however it is written', () => {
    assert(
      property(dictionary(string(), jsonValue()), string(), array(string()), (members, name, around) => {
        const escaped = [...name].map((letter) => letter.replace(/[a-z]/, (plain) => `\\u00${plain.charCodeAt(0).toString(16)}`))
        const spellings = [JSON.stringify(name), /^[\w ]*$/.test(name) ? `"${escaped.join('')}"` : JSON.stringify(name)]
        const rest = Object.entries({ ...members, [name]: 1 }).map(
          ([key, value]) => `${JSON.stringify(key)} : ${JSON.stringify(value)}`,
        )
        const object = `{${[...rest, `${spellings[1]}\n:2`].join(' ,')}}`
        const text = around.reduceRight((inner, key) => `{${JSON.stringify(key)}:[${inner}]}`, object)
        expect(isStrictJson(text, DEEP)).toBe(false)
      }),
    )
  })

  it('lets the same name stand in different objects, and as a value', () => {
    expect(isStrictJson('{"a":{"a":["a","a"]},"b":{"a":"a"}}', 3)).toBe(true)
    expect(isStrictJson('[{"a":1},{"a":2},"a"]', 2)).toBe(true)
  })

  it('counts levels', () => {
    expect(isStrictJson('[[[[]]]]', 4)).toBe(true)
    expect(isStrictJson('[[[[[]]]]]', 4)).toBe(false)
    expect(isStrictJson('{"a":"[[[[[["}', 1)).toBe(true)
  })
})
