import { describe, expect, it } from 'vitest'
import { openRpcDocument } from '../../../src/rpc/describe.js'
import { METHODS, manual } from '../../../src/rpc/index.js'

interface Described {
  readonly name: string
  readonly params: readonly { readonly name: string; readonly required: boolean; readonly schema: Record<string, unknown> }[]
  readonly errors: readonly { readonly code: number }[]
}

const document = JSON.parse(JSON.stringify(openRpcDocument(METHODS))) as {
  readonly openrpc: string
  readonly methods: readonly Described[]
}

function described(name: string): Described {
  const found = document.methods.find((method) => method.name === name)
  if (found === undefined) throw new Error(`${name} is not described`)
  return found
}

describe('OpenRPC document', () => {
  it('lists every method once', () => {
    expect(document.methods.map((method) => method.name)).toEqual(METHODS.map((method) => method.name))
    expect(new Set(METHODS.map((method) => method.name)).size).toBe(METHODS.length)
  })

  it('has real schemas', () => {
    const [device, , format, quality] = described('take_snapshot').params
    expect(device).toMatchObject({ name: 'device', required: true, schema: { type: 'string', pattern: expect.any(String) } })
    expect(format).toEqual({ name: 'format', required: false, schema: { type: 'string', enum: ['jpg', 'jpeg', 'png'] } })
    expect(quality?.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 100, default: 85 })
  })

  it('has no members of our own in schemas', () => {
    expect(JSON.stringify(document)).not.toContain('"rule"')
  })

  it('lists the errors of the contract', () => {
    const codes = (name: string) =>
      described(name)
        .errors.map((error) => error.code)
        .sort()
    expect(new Set(codes('ping'))).toEqual(new Set([-32603, -32040]))
    expect(new Set(codes('get_camera_status'))).toEqual(new Set([-32603, -32602, -32050, -32040, -32010, -32002, -32001]))
    expect(new Set(codes('take_snapshot'))).toEqual(new Set([-32603, -32602, -32050, -32040, -32020, -32010, -32002, -32001]))
    expect(new Set(codes('get_streams'))).toEqual(new Set([-32603, -32050, -32040, -32002, -32001]))
  })
})

it('the manual has a chapter for each method', () => {
  const text = manual(METHODS)
  for (const method of METHODS) expect(text).toContain(`## ${method.name}\n`)
})
