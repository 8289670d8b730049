import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/base/errors.js'
import { Rendered } from '../../../src/base/rendered.js'
import type { Params } from '../../../src/rpc/message.js'
import { type Caller, defineMethod, type HomeMethod, type Toolbox } from '../../../src/rpc/method.js'
import { takeSnapshot } from '../../../src/rpc/methods/snapshots.js'
import type { Builder } from '../../../src/rpc/schema.js'
import { memoryServices } from '../../support/rpc-server.js'

const toolbox: Toolbox = { services: memoryServices(), extraMembers: false, openRpc: () => new Rendered({}) }
const caller: Caller = {
  clientId: 'client_1',
  linkHost: 'cam-host',
  identity: undefined,
  legacy: false,
  signal: new AbortController().signal,
}

const echo = defineMethod({
  name: 'echo',
  role: 'viewer',
  summary: 'Answers its parameters.',
  params: (t: Builder) =>
    t.Object({
      limit: t.Optional(t.Integer({ minimum: 1, maximum: 1000 })),
      names: t.Optional(t.Array(t.String(), { minItems: 1 })),
      on: t.Optional(t.Boolean()),
    }),
  result: (t: Builder) => t.Object({}),
  errors: [],
  run: (_toolbox, params) => params,
})

function failureOf(method: HomeMethod, params: Params): ServiceError {
  const checked = method.check(params)
  if (checked instanceof ServiceError) return checked
  throw new Error('it passed')
}

function passed(method: HomeMethod, params: Params): Params {
  const checked = method.check(params)
  if (checked instanceof ServiceError || checked instanceof Rendered) throw new Error('it was refused')
  return checked
}

describe('parameters', () => {
  it('names the parameter, the rule and the cure', () => {
    const failure = failureOf(echo, { limit: 4000 })
    expect(failure.code).toBe('INVALID_PARAMS')
    expect(failure.data).toEqual({ param: 'limit', rule: 'integer between 1 and 1000', hint: 'send 1000 or less' })
    expect(failure.details).toBe('limit was 4000')
  })

  it.each<[string, Params, string, string]>([
    ['too small', { limit: 0 }, 'limit', 'send 1 or more'],
    ['a fraction', { limit: 1.5 }, 'limit', 'send integer between 1 and 1000'],
    ['a numeric string', { limit: '5' }, 'limit', 'send integer between 1 and 1000'],
    ['null', { limit: null }, 'limit', 'send integer between 1 and 1000'],
    ['a wrong entry', { names: ['a', 5] }, 'names', 'send array of strings with at least 1 entries'],
    ['an empty list', { names: [] }, 'names', 'send array of strings with at least 1 entries'],
    ['a boolean in words', { on: 'true' }, 'on', 'send boolean'],
  ])('refuses %s', (_what, params, param, hint) => {
    expect(failureOf(echo, params).data).toMatchObject({ param, hint })
  })

  it('looks once at parameters that come again and again, and says the same of them', () => {
    const params = Object.freeze({ limit: 4000 })
    const { data, details } = failureOf(echo, { ...params })
    const refused = echo.check(params)
    expect(refused).toBeInstanceOf(Rendered)
    expect(refused).toMatchObject({ value: { code: -32602, data: { ...data, details } } })
    expect(echo.check(params)).toBe(refused)
  })

  it('answers parameters that come again and again as it did, in a form that nobody can change', () => {
    const params = Object.freeze({ limit: 5, more: 1 })
    const first = passed(echo, params)
    expect(first).toEqual({ limit: 5 })
    expect(Object.isFrozen(first)).toBe(true)
    expect(passed(echo, params)).toBe(first)
    expect(Object.isFrozen(passed(echo, { ...params }))).toBe(false)
  })

  it('ignores unknown members and takes credentials of older clients away', () => {
    expect(echo.check({ limit: 5, more: 1, token: 'secret', auth_token: 'secret' })).toEqual({
      limit: 5,
    })
  })
})

describe('take_snapshot', () => {
  const take = (params: Params) => takeSnapshot.run(toolbox, passed(takeSnapshot, params), caller)

  it.each([
    [{}, 'device'],
    [{ device: 'cam0' }, 'device'],
    [{ device: 'camera0\n' }, 'device'],
    [{ device: '../camera0' }, 'device'],
    [{ device: '/dev/video0/../video1' }, 'device'],
    [{ device: 'camera0', filename: '' }, 'filename'],
    [{ device: 'camera0', filename: 'a/b.jpg' }, 'filename'],
    [{ device: 'camera0', filename: 'a\\b.jpg' }, 'filename'],
    [{ device: 'camera0', filename: '..jpg' }, 'filename'],
    [{ device: 'camera0', filename: 'a\u0000.jpg' }, 'filename'],
    [{ device: 'camera0', filename: 'a?.jpg' }, 'filename'],
    [{ device: 'camera0', filename: 'x'.repeat(256) }, 'filename'],
    [{ device: 'camera0', format: 'bmp' }, 'format'],
    [{ device: 'camera0', quality: 0 }, 'quality'],
    [{ device: 'camera0', quality: 101 }, 'quality'],
    [{ device: 'camera0', max_width: 0 }, 'max_width'],
  ])('refuses %j', (params, param) => {
    expect(failureOf(takeSnapshot, params).data.param).toBe(param)
  })

  it('lists the words of a closed set', () => {
    expect(failureOf(takeSnapshot, { device: 'camera0', format: 'bmp' }).data.rule).toBe('one of jpg, jpeg, png')
  })

  it('does not look at the quality of a PNG', async () => {
    await expect(take({ device: 'camera0', format: 'png', quality: 0 })).resolves.toMatchObject({ status: 'SUCCESS' })
  })

  it('takes names of 255 characters that are not ASCII', async () => {
    await expect(take({ device: 'camera0', filename: 'ü'.repeat(255) })).resolves.toMatchObject({ status: 'SUCCESS' })
  })
})
