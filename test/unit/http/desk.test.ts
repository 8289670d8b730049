import { expect, it } from 'vitest'
import type { Identity } from '../../../src/auth/index.js'
import { ServiceError } from '../../../src/base/errors.js'
import { type Call, DownloadDesk, RequestHeaders } from '../../../src/http/index.js'

/** Of somebody whose right is good on this machine only. */
const granted: Identity = { userId: 'first-start', role: 'admin', expiresAtMs: Date.UTC(2031, 0), localOnly: true }

const call = (local: boolean): Call => ({
  ...{ method: 'GET', path: '/files/recordings/clip.mp4', query: 'ticket=t', address: '192.0.2.7', local },
  headers: new RequestHeaders([]),
})

it('a ticket is good where the right of whoever asked for it is', async () => {
  let held = 0
  const desk = new DownloadDesk({
    files: {
      async hold(_kind, name) {
        held += 1
        return { root: '/r', path: `/r/${name}`, name, release: () => (held -= 1) }
      },
    },
    credentials: {
      verify() {
        throw new ServiceError('AUTH_REQUIRED')
      },
    },
    tickets: { redeem: (ticket) => (ticket === 't' ? { identity: granted } : undefined) },
    limits: { max: 1, maxPerIdentity: 1 },
  })
  await expect(desk.admit(call(false))).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  expect([held, desk.figures.active]).toEqual([0, 0])
  const given = await desk.admit(call(true))
  expect(given).toMatchObject({ path: '/r/clip.mp4' })
  if ('release' in given) given.release()
  expect([held, desk.figures.active]).toEqual([0, 0])
})
