import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDocument, type ElementChange } from '../../../src/camera-config/check.js'
import { editJsonText, readJsonText } from '../../../src/camera-config/json-text.js'
import { mergeEdits } from '../../../src/camera-config/merge.js'

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('reading', () => {
  it('reads comments and a byte order mark, and a key named __proto__ is a key', () => {
    const { value, mistakes } = readJsonText('\uFEFF// one\n{"a": /* two */ 1, "__proto__": {"b": 2}}')
    expect(mistakes).toEqual([])
    expect(Object.keys(value as object)).toEqual(['a', '__proto__'])
    expect(({} as { b?: unknown }).b).toBeUndefined()
  })

  it.each([
    ['{"a": 1,}', 1, 9],
    ['{\n  "a" 1}', 2, 7],
    ['{"a": tru}', 1, 7],
    ['{"a": 1} x', 1, 10],
    ['', 1, 1],
    ['// only a word', 1, 15],
    ['{"a": 1, "a": 2}', 1, 10],
    ["{'a': 1}", 1, 2],
    ['{"a": "\n"}', 1, 7],
    ['[1, 2', 1, 6],
  ])('%j is a mistake at %i:%i', (text, line, column) => {
    expect(readJsonText(text).mistakes[0]).toMatchObject({ line, column })
  })

  it('finds the place of a value, else of what is around it', () => {
    const { positionOf } = readJsonText('{\n  "a": [\n    {"b": 1}\n  ]\n}')
    expect(positionOf(['a', 0, 'b'])).toEqual({ line: 3, column: 11 })
    expect(positionOf(['a', 0, 'c'])).toEqual({ line: 3, column: 5 })
    expect(positionOf(['x'])).toEqual({ line: 1, column: 1 })
  })

  it('never throws, whatever the text', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '1',
      '//',
      '/*',
      '*/',
      '\n',
      '\\',
      'null',
      '\u0000',
      '\uFEFF',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join('')),
          fc.json(),
        ),
        (text) => {
          const { value, mistakes } = readJsonText(text)
          // What we accept without comments, everybody accepts, and reads the same.
          if (mistakes.length === 0 && !/\/[/*]/.test(text)) expect(plain(value)).toEqual(JSON.parse(text.replace(/^\uFEFF/, '')))
        },
      ),
      { numRuns: 1000 },
    )
    for (const text of ['['.repeat(100_000), '{"a":'.repeat(100_000)]) expect(readJsonText(text).mistakes).not.toEqual([])
  })
})

describe('editing', () => {
  const value = fc.oneof(
    fc.integer({ min: 16, max: 240 }),
    fc.boolean(),
    fc.constant(null),
    fc.constant('text, "quoted" // and more'),
  )
  const keys = fc.dictionary(fc.constantFrom('width', 'height', 'fps', 'x', 'y'), value)
  const change = fc.record(
    {
      camera: fc.record({ width: fc.integer({ min: 16, max: 99 }), fps: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
      server: fc.record(
        { port: fc.integer({ min: 0, max: 9 }), cors_origins: fc.constantFrom([], ['*'], ['http://a', 'http://b']) },
        { requiredKeys: [] },
      ),
      cameras: fc.uniqueArray(
        fc.record(
          {
            id: fc.constantFrom('camera0', 'camera1', 'camera2', 'camera3'),
            width: fc.integer({ min: 16, max: 99 }),
            $delete: fc.constantFrom(undefined, true),
          },
          { requiredKeys: ['id'] },
        ),
        { selector: ({ id }) => id },
      ),
    },
    { requiredKeys: [] },
  )
  const file = fc.record(
    {
      camera: keys,
      server: keys,
      mine: fc.anything().map((each) => plain(each ?? null)),
      cameras: fc.uniqueArray(
        fc.tuple(fc.constantFrom('camera0', 'camera1', 'camera2'), keys).map(([id, rest]) => ({ id, ...rest })),
        { selector: ({ id }) => id },
      ),
    },
    { requiredKeys: [] },
  )

  it('gives the merged document, whatever stood there, in any layout and with comments', () => {
    fc.assert(
      fc.property(file, change, fc.constantFrom(0, 2, '\t'), fc.boolean(), (before, wanted, indent, isCommented) => {
        const json = JSON.stringify(before, null, indent)
        // Behind each opening bracket and before each closing one.
        const text = isCommented
          ? json.replace(/([{[])(?=\n)/g, '$1 // here, "and" {there}\n').replace(/\n(\s*)([}\]])/g, '\n$1/* end */ $2')
          : json
        const said = checkDocument(plain(wanted), 'change').said
        const edited = editJsonText(text, mergeEdits(readJsonText(text).value, said))
        const { value: after, mistakes } = readJsonText(edited)
        expect(mistakes).toEqual([])
        expect(plain(after)).toEqual(merged(plain(before) as Document, plain(wanted) as Document))
        expect(edited.split('// here').length).toBeLessThanOrEqual(text.split('// here').length)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['{"c":[{"id":1},{"id":2}]}', 1, '{"c":[{"id":1}]}'],
    ['{"c":[{"id":1}, {"id":2}, 3]}', 1, '{"c":[{"id":1}, 3]}'],
    ['{"c":[ {"id":1} ]}', 0, '{"c":[  ]}'],
    ['{"c":[]}', 0, '{"c":[]}'],
  ])('%s without element %i', (text, index, expected) => {
    expect(editJsonText(text, [{ place: ['c', index], value: undefined }])).toBe(expected)
  })

  it('keeps every comment that is not inside of what is replaced', () => {
    const text = '// a\n{ // b\n  "camera": { // c\n    "fps": 15 /* d */, // e\n    "width": 640 // f\n  } // g\n} // h\n'
    const edited = editJsonText(text, [
      { place: ['camera', 'fps'], value: 20 },
      { place: ['camera', 'height'], value: 480 },
      { place: ['server', 'port'], value: 1 },
    ])
    for (const letter of 'abcdefgh') expect(edited).toMatch(new RegExp(`(//|/\\*) ${letter}`))
    expect(readJsonText(edited).value).toEqual({ camera: { fps: 20, width: 640, height: 480 }, server: { port: 1 } })
  })
})

interface Document {
  readonly camera?: object
  readonly server?: object
  readonly cameras?: readonly ElementChange[]
}

/** The rule of the contract, in its plainest form. */
function merged(before: Document, change: Document): unknown {
  const after: Record<string, unknown> = { ...before }
  for (const section of ['camera', 'server'] as const) {
    const values = change[section]
    if (values !== undefined && Object.keys(values).length > 0) after[section] = { ...before[section], ...values }
  }
  let cameras = [...(before.cameras ?? [])]
  for (const { $delete: removed, ...element } of change.cameras ?? []) {
    const index = cameras.findIndex(({ id }) => id === element.id)
    if (removed === true) cameras = cameras.filter(({ id }) => id !== element.id)
    else if (index < 0) cameras.push(element)
    else cameras[index] = { ...cameras[index], ...element }
  }
  if (before.cameras !== undefined || cameras.length > 0) after.cameras = cameras
  return after
}
