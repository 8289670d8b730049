/** Every key of the table against the ranges of the contract, and the validator against whatever clients send. */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkDocument } from '../../../src/camera-config/check.js'
import { ConfigRejected } from '../../../src/camera-config/index.js'
import { CAMERA_KEYS, ELEMENT_KEYS, SERVER_KEYS } from '../../../src/config/index.js'
import { removeFolders, started, type TestStore } from './support.js'

interface Range {
  /** Both ends, or each form there is. */
  readonly accepted: readonly unknown[]
  /** One step outside, and what is no value of the key at all. */
  readonly refused: readonly unknown[]
}

const NO_NUMBER = ['5', 'abc', '', true, false, null, [], {}, Number.NaN, Number.POSITIVE_INFINITY]
const integer = (min: number, max: number): Range => ({
  accepted: [min, max, min + 1],
  refused: [min - 1, max + 1, min + 0.5, ...NO_NUMBER],
})
const number = (min: number, max: number, step: number): Range => ({
  accepted: [min, max, min + step / 2],
  refused: [min - step, max + step, ...NO_NUMBER],
})
const flag: Range = { accepted: [true, false], refused: [0, 1, 'true', null, [], {}] }

/** Contract §2.2, written out by hand, and the additive keys beside it. */
const CAMERA: Readonly<Record<string, Range>> = {
  device_index: integer(0, 255),
  device_path: {
    accepted: [
      null,
      '/dev/video0',
      '/dev/video255',
      '/dev/v4l/by-id/usb-046d_HD_Webcam-video-index0',
      '/dev/v4l/by-path/pci-0000:00:14.0-usb-0:1:1.0-video-index0',
      'usb:046d:0825',
      'usb:046d:0825:1A2B',
      'usb-port:0000:00:14.0/4.2',
    ],
    refused: [
      '',
      'video0',
      '/dev/video',
      '/dev/video1000',
      '/dev/video0\n',
      '/dev/../dev/video0',
      '/dev/v4l/by-id/..',
      '/dev/v4l/by-id/.',
      '/dev/v4l/by-id/a/b',
      `/dev/v4l/by-id/${'a'.repeat(201)}`,
      '/dev/v4l/by-id/a b',
      '/etc/passwd',
      'usb:46d:0825',
      'usb:046d:0825:',
      'usb-port:x',
      'usb-port:../../x/1',
      0,
      true,
      [],
    ],
  },
  width: integer(16, 15_360),
  height: integer(16, 8640),
  fps: number(1, 240, 0.5),
  buffer_size: integer(1, 32),
  jpeg_quality: integer(1, 100),
  auto_reconnect: flag,
  reconnect_interval: number(0.1, 3600, 0.1),
  max_reconnect_attempts: integer(0, 1_000_000),
}
const SERVER: Readonly<Record<string, Range>> = {
  host: {
    accepted: ['0.0.0.0', '127.0.0.1', '::', '::1', 'localhost', 'cam-1.example.org'],
    refused: ['', ' ', '[::1]', 'http://x', 'a b', '-x', 'x:80', `${'a'.repeat(254)}`, 1, null, true],
  },
  port: integer(0, 65_535),
  log_level: { accepted: ['debug', 'INFO', 'Warning', 'error', 'CRITICAL'], refused: ['warn', 'trace', '', 1, null, true] },
  log_file: { accepted: [null, '', 'camera_stream.log', 'other.log'], refused: ['a\nb', 'a\u0000b', 1, true, 'x'.repeat(4097)] },
  cors_origins: {
    accepted: [[], ['*'], ['http://a.example', 'https://a.example:8443', 'http://[::1]:8000', 'http://127.0.0.1']],
    refused: ['*', ['a.example'], ['http://a.example/'], ['http://a.example/x'], ['http://u@a'], ['null'], [1], [null], null, {}],
  },
  trusted_hosts: {
    accepted: [[], ['*'], ['a.example', '*.a.example', '127.0.0.1', '::1', '[::1]']],
    refused: ['*', ['*.*'], ['a.example:80'], ['http://a'], ['a*'], [''], [1], null, {}],
  },
  max_frame_age: number(0.05, 3600, 0.05),
  log_format: { accepted: ['text', 'json'], refused: ['xml', '', 1, null] },
  log_max_bytes: integer(4096, 1_099_511_627_776),
  log_backups: integer(0, 1000),
  watch_config: flag,
  allow_cross_origin_management: flag,
  bandwidth_fallback: flag,
}

const CASES = [
  ...Object.entries(CAMERA).map(([name, range]) => ['camera', name, range] as const),
  ...Object.entries(SERVER).map(([name, range]) => ['server', name, range] as const),
]

describe('13.3 the range of every key', () => {
  let made: TestStore
  beforeAll(async () => {
    made = await started('{}')
  })
  afterAll(removeFolders)

  it('13.3 is tested for each key of the table', () => {
    expect(Object.keys(CAMERA)).toEqual(Object.keys(CAMERA_KEYS))
    expect(Object.keys(SERVER)).toEqual(Object.keys(SERVER_KEYS))
  })

  it.each(CASES)('13.3 %s.%s: both ends are accepted, kept and in force', async (section, name, { accepted }) => {
    for (const value of accepted) {
      await made.store.put({ [section]: { [name]: value } })
      const meant = name === 'log_level' ? String(value).toLowerCase() : value
      expect(made.store.current[section]).toMatchObject({ [name]: meant })
      expect(made.document()).toMatchObject({ [section]: { [name]: meant } })
    }
  })

  it.each(CASES)('13.3 %s.%s: one step outside is refused, named, and nothing is kept', async (section, name, { refused }) => {
    const [text, inForce] = [made.text(), made.store.current]
    for (const value of refused) {
      // A right value beside it is not kept either.
      const change = {
        [section]: { [name]: value },
        ...(section === 'camera' ? { server: { port: 1 } } : { camera: { fps: 77 } }),
      }
      const thrown = await made.store.put(change).then(
        () => `${JSON.stringify(value)} was accepted`,
        (reason: unknown) => reason,
      )
      expect(thrown).toBeInstanceOf(ConfigRejected)
      expect((thrown as ConfigRejected).problems).toEqual([
        expect.stringMatching(new RegExp(`^${section}\\.${name}: must be .*, got \\w`)),
      ])
    }
    expect(made.text()).toBe(text)
    expect(made.store.current).toBe(inForce)
  })
})

describe('whatever a client sends', () => {
  const anything = fc.anything({
    withNullPrototype: true,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withObjectString: true,
  })
  const names = [
    ...Object.keys(CAMERA_KEYS),
    ...Object.keys(SERVER_KEYS),
    ...Object.keys(ELEMENT_KEYS),
    '__proto__',
    'constructor',
    'toString',
    '$delete',
  ]
  const object = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), anything)
  const document = fc.oneof(
    anything,
    fc.record(
      {
        camera: fc.oneof(object, anything),
        server: fc.oneof(object, anything),
        cameras: fc.array(fc.oneof(object, anything)),
        auto_discover: anything,
      },
      { requiredKeys: [] },
    ),
  )

  it('the validator answers with values of the table or with problems, and never throws', () => {
    fc.assert(
      fc.property(document, fc.constantFrom('file', 'change'), (value, kind) => {
        const { said, problems } = checkDocument(value, kind)
        for (const [section, table] of [
          ['camera', CAMERA_KEYS],
          ['server', SERVER_KEYS],
        ] as const) {
          for (const [name, kept] of Object.entries(said[section])) {
            expect(Object.hasOwn(table, name)).toBe(true)
            expect(checkDocument({ [section]: { [name]: kept } }, 'change').problems).toEqual([])
          }
        }
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
        for (const { text } of problems) expect(text).not.toMatch(/[\u0000-\u001f]/)
      }),
      { numRuns: 300 },
    )
  })

  it('a store refuses with its own error or is in force and on disk what it says', async () => {
    const made = await started('{}')
    try {
      await fc.assert(
        fc.asyncProperty(document, async (value) => {
          const before = made.text()
          const outcome = await made.store.put(value).catch((thrown: unknown) => thrown)
          if (outcome instanceof ConfigRejected) expect(made.text()).toBe(before)
          else expect(outcome).toMatchObject({ after: made.store.current })
          expect(checkDocument(made.document(), 'file')).toMatchObject({ problems: [], unknown: [] })
        }),
        { numRuns: 300 },
      )
    } finally {
      removeFolders()
    }
  })

  it('right values in any number are kept exactly', async () => {
    const made = await started('{}')
    const pick = (range: Readonly<Record<string, Range>>) =>
      fc.record(Object.fromEntries(Object.entries(range).map(([name, { accepted }]) => [name, fc.constantFrom(...accepted)])), {
        requiredKeys: [],
      })
    try {
      await fc.assert(
        fc.asyncProperty(
          pick(CAMERA),
          pick({ ...SERVER, log_level: { accepted: ['error', 'info'], refused: [] } }),
          async (camera, server) => {
            await made.store.put({ camera, server })
            expect(made.store.current).toMatchObject({ camera, server })
            expect(made.document()).toMatchObject({
              ...(Object.keys(camera).length > 0 && { camera }),
              ...(Object.keys(server).length > 0 && { server }),
            })
          },
        ),
        { numRuns: 100 },
      )
    } finally {
      removeFolders()
    }
  })
})
