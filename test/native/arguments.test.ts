import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CoreOptions } from '../../src/native/index.js'
import { loadNative } from '../../src/native/index.js'
import { NEXT, REQUEST, virtualOptions, Watched } from './support.js'

describe('options of a core', () => {
  const broken: [string, object, ErrorConstructor | RangeErrorConstructor, RegExp][] = [
    ['devDir is missing', { devDir: undefined }, TypeError, /options\.devDir must be a string/],
    ['sysfsDir holds a NUL', { sysfsDir: '/sys\0' }, RangeError, /options\.sysfsDir/],
    ['deviceRange is no array', { deviceRange: 3 }, TypeError, /options\.deviceRange must be an array/],
    ['deviceRange is upside down', { deviceRange: [9, 0] }, RangeError, /options\.deviceRange/],
    ['deviceRange has one number', { deviceRange: [0] }, TypeError, /options\.deviceRange\[1\] must be a number/],
    ['discovery is another word', { discovery: 'udev' }, RangeError, /options\.discovery must be one of: events, poll/],
    ['rescanMs is 0', { rescanMs: 0 }, RangeError, /options\.rescanMs must be an integer from 1/],
    ['rescanMs is NaN', { rescanMs: Number.NaN }, RangeError, /options\.rescanMs/],
    ['rescanMs is a string', { rescanMs: '10' }, TypeError, /options\.rescanMs must be a number/],
    ['uevents is 1', { uevents: 1 }, TypeError, /options\.uevents must be a boolean/],
    ['virtualCameras is null', { virtualCameras: null }, TypeError, /options\.virtualCameras must be an object/],
    [
      'count is a fraction',
      { virtualCameras: { count: 1.5, width: 64, height: 64, fps: 1 } },
      RangeError,
      /virtualCameras\.count/,
    ],
    ['width is huge', { virtualCameras: { count: 1, width: 1e9, height: 64, fps: 1 } }, RangeError, /virtualCameras\.width/],
    ['quality is 101', { jpegQuality: 101 }, RangeError, /options\.jpegQuality must be an integer from 1 to 100/],
    ['encoderThreads is -1', { encoderThreads: -1 }, RangeError, /options\.encoderThreads/],
  ]
  test.each(broken)('%s', (_, changes, kind, text) => {
    const open = (): unknown => loadNative().open({ ...virtualOptions(0), ...changes } as CoreOptions, () => {})
    expect(open).toThrow(kind)
    expect(open).toThrow(text)
  })

  test('a getter’s own exception comes through', () => {
    const options = Object.defineProperty({ ...virtualOptions(0) }, 'devDir', {
      get: () => {
        throw new Error('from the getter')
      },
    })
    expect(() => loadNative().open(options, () => {})).toThrow('from the getter')
  })

  test('no listener, no core', () => {
    expect(() => loadNative().open(virtualOptions(0), undefined as never)).toThrow(TypeError)
    expect(() => loadNative().attach('1' as never)).toThrow(TypeError)
    expect(() => loadNative().attach(-1)).toThrow(RangeError)
  })
})

describe('arguments of a core', () => {
  let watched: Watched
  beforeAll(() => {
    watched = new Watched(virtualOptions(1))
  })
  afterAll(() => watched.end())

  const calls: [string, (core: Watched['core']) => unknown, ErrorConstructor | RangeErrorConstructor, RegExp][] = [
    ['probe of a number', (core) => core.probe(7 as never), TypeError, /source must be a string/],
    ['a source that is too long', (core) => core.probe('x'.repeat(300)), RangeError, /source must be at most 256 bytes/],
    [
      'start without a request',
      (core) => core.startCapture('virtual:0', undefined as never),
      TypeError,
      /request must be an object/,
    ],
    ['a width of 0', (core) => core.startCapture('virtual:0', { ...REQUEST, width: 0 }), RangeError, /request\.width/],
    [
      'a fourcc of five',
      (core) => core.startCapture('virtual:0', { ...REQUEST, fourcc: 'MJPEG' }),
      RangeError,
      /request\.fourcc/,
    ],
    [
      'a rate of 0',
      (core) => core.startCapture('virtual:0', { ...REQUEST, interval: { num: 0, den: 1 } }),
      RangeError,
      /request\.interval\.num/,
    ],
    ['a negative age', (core) => core.grab('virtual:0', { ...NEXT, maxAgeMs: -1 }), RangeError, /wish\.maxAgeMs/],
    ['an infinite wait', (core) => core.grab('virtual:0', { ...NEXT, timeoutMs: Infinity }), RangeError, /wish\.timeoutMs/],
    ['a dir that is none', (core) => core.saveFrame('virtual:0', NEXT, null as never, 'a'), TypeError, /dir must be a string/],
    ['a name with NUL', (core) => core.saveFrame('virtual:0', NEXT, '/tmp', 'a\0b'), RangeError, /name must be/],
    ['a feed without options', (core) => core.openFeed('virtual:0', undefined as never), TypeError, /options must be an object/],
    ['a feed that stalls at once', (core) => core.openFeed('virtual:0', { stallMs: 0 }), RangeError, /options\.stallMs/],
    ['a feed number that is none', (core) => core.closeFeed('1' as never), TypeError, /feed must be a number/],
    ['a shutdown without a deadline', (core) => core.shutdown(undefined as never), TypeError, /timeoutMs must be a number/],
  ]
  test.each(calls)('%s throws at once', (_, call, kind, text) => {
    expect(() => call(watched.core)).toThrow(kind)
    expect(() => call(watched.core)).toThrow(text)
  })

  test('unknown feeds are nothing to close and have no statistics', () => {
    watched.core.closeReadEnd(4711)
    watched.core.closeFeed(4711)
    expect(watched.core.feedStats(4711)).toBeUndefined()
  })
})
