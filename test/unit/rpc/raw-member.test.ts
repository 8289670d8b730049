import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memberText } from '../../../src/rpc/raw-member.js'

it('finds the text of a member as it was written', () => {
  expect(memberText('{"a":{"id":1},"id" : 1.0 ,"b":"id"}', 'id')).toBe('1.0')
})

it('lets the last of several win, also when its name is escaped', () => {
  expect(memberText('{"id":1,"\\u0069d":2e0}', 'id')).toBe('2e0')
})

it('finds nothing where there is nothing', () => {
  expect(memberText('{}', 'id')).toBeUndefined()
  expect(memberText('{"x":"\\"id\\":1"}', 'id')).toBeUndefined()
})

it('agrees with JSON.parse on any object', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (others, own) => {
      const text = JSON.stringify({ ...others, id: own }, null, 1)
      expect(JSON.parse(memberText(text, 'id') ?? 'null')).toEqual(JSON.parse(JSON.stringify(own)))
    }),
  )
})
