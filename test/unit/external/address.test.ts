import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/base/errors.js'
import { parseAddress } from '../../../src/external/address.js'

const parse = (text: string) => parseAddress(text, 'stream_url')

describe('the address of a stream', () => {
  it('is fetched as given and shown without its passwords', () => {
    const address = parse('rtsp://Admin:s3cret@Cam.local/live?channel=1&password=s3cret&key=k')
    expect(address.url).toBe('rtsp://Admin:s3cret@Cam.local/live?channel=1&password=s3cret&key=k')
    expect(address.shown).toBe('rtsp://Admin:***@cam.local/live?channel=1&password=***&key=***')
    expect(address).toMatchObject({ host: 'cam.local', port: 554 })
  })

  it('is the same with and without credentials, usual port and capitals', () => {
    const key = parse('rtsp://cam.local/live').key
    for (const text of ['rtsp://cam.local:554/live', 'RTSP://CAM.local/live', 'rtsp://u:p@cam.local/live']) {
      expect(parse(text).key).toBe(key)
    }
    expect(parse('rtsp://cam.local/other').key).not.toBe(key)
    expect(parse('rtsps://cam.local/live').key).not.toBe(key)
    expect(parse(parse('rtsp://u:p@cam.local/live?pwd=x').shown).key).toBe(parse('rtsp://u:p@cam.local/live?pwd=x').key)
  })

  it('takes addresses of IPv6', () => {
    expect(parse('rtsp://[FE80::1]:8554/a')).toMatchObject({ host: 'fe80::1', port: 8554, shown: 'rtsp://[fe80::1]:8554/a' })
  })

  it.each([
    ['rtsp://cam.local/user=admin_password=geheim_channel=1', 'rtsp://cam.local/user=admin_password=***'],
    ['rtsp://cam.local/live;pwd=geheim/main', 'rtsp://cam.local/live;pwd=***/main'],
    ['rtsp://cam.local/live?a=1;password=geheim;b=2', 'rtsp://cam.local/live?a=1;password=***;b=2'],
  ])('shows %s without the password', (text, shown) => {
    expect(parse(text)).toMatchObject({ shown, url: text })
  })

  it.each([
    'http://cam/live',
    'file:///etc/passwd',
    'rtsp:///live',
    'rtsp://',
    'cam.local/live',
    'rtsp://cam.local:0/live',
    'rtsp://cam.local:99999/live',
    'rtsp://cam local/live',
    'rtsp://cam.local/li\nve',
    'rtsp://cam.local/\u0000',
    'rtsp://c%41m.local/live',
    'rtsp://user:secret@cam.local\\@other/live',
    'rtsp://user:secret@cam.local/%zz',
    'rtsp://user:sec%ret@cam.local/live',
    'rtsp://user:sec^ret@cam.local/live',
    'rtsp://user:secret@cam.local/`live',
    'rtsp://user:secret@cam.local/live?$MTX_QUERY',
    'rtsp://user:secret@cam.local/$G1',
    'rtsp://user@cam.local/live',
    'rtsp://:secret@cam.local/live',
    'rtsp://kämera/live',
    `rtsp://cam.local/${'x'.repeat(2048)}`,
    '',
  ])('refuses %j without repeating it', (text) => {
    const error = thrownBy(() => parse(text))
    expect(error).toMatchObject({ code: 'INVALID_PARAMS', data: { param: 'stream_url' } })
    if (text.length > 12) expect(JSON.stringify([error.details, error.data])).not.toContain(text.slice(8))
  })

  it.each([
    ...[
      '-y',
      '-i',
      '--help',
      '-f lavfi',
      'concat:a|b',
      'subfile,,start,0,end,9,,:/etc/passwd',
      'data:text/plain,x',
      'file:/etc/passwd',
    ],
    ...[
      'file:///etc/passwd',
      'pipe:0',
      'pipe:',
      'crypto:/etc/passwd',
      'hls+http://h/a',
      'tee:a|b',
      'async:file:a',
      'cache:file:a',
    ],
    ...[
      'http://h/a.m3u8',
      'https://h/a.m3u8',
      'tcp://h:1',
      'udp://h:1',
      'rtmp://h/a',
      'srt://h:1',
      'unix:/run/s',
      'ffrtmphttp://h/a',
    ],
    ...[
      ' rtsp://h/a',
      '-rtsp://h/a',
      'rtsp:-y',
      'rtsp:///etc/passwd',
      'RTSP\n://h',
      'rtsp://h/a -y',
      'rtsp://h/a\n-y',
      'rtsp://-y/a',
    ],
  ])('S-44 %j never comes to a program: it is no address of a stream', (text) => {
    expect(thrownBy(() => parse(text))).toMatchObject({ code: 'INVALID_PARAMS' })
  })

  it('never shows a password, whatever the address', () => {
    const password = fc.stringMatching(/^[A-Za-z0-9]{8,20}$/)
    const path = fc.webPath().filter((each) => !each.includes('$'))
    fc.assert(
      fc.property(password, path, (secret, path) => {
        const shown = parse(`rtsp://user:Q${secret}Q@cam.local${path}?pwd=Q${secret}Q`).shown
        expect(shown).not.toContain(`Q${secret}Q`)
      }),
    )
  })

  it('answers with an address or INVALID_PARAMS, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ validSchemes: ['rtsp', 'rtsps', 'http'] })), (text) => {
        try {
          expect(parse(parse(text).url).key).toBe(parse(text).key)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ServiceError)
        }
      }),
    )
  })
})

function thrownBy(task: () => unknown): ServiceError {
  try {
    task()
  } catch (thrown) {
    if (thrown instanceof ServiceError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}
