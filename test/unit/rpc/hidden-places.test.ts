import { expect, it } from 'vitest'
import { withoutPlaces } from '../../../src/rpc/hidden-places.js'
import { failure } from '../../../src/rpc/wire-error.js'

it.each([
  ['IO: open_dir /srv/my pictures/x.jpg: Not a directory', 'IO: open_dir …: Not a directory'],
  ["ENOTDIR: not a directory, lstat '/srv/my pictures/x.jpg'", "ENOTDIR: not a directory, lstat '…'"],
  ['EEXIST: file already exists, mkdir "/srv/x"', 'EEXIST: file already exists, mkdir "…"'],
  ['the camera is held by motion (/usr/bin/motion, process 5)', 'the camera is held by motion (…, process 5)'],
  ['nothing answers at 127.0.0.1:9997', 'nothing answers at …'],
  ['connect ECONNREFUSED [::1]:9997', 'connect ECONNREFUSED …'],
  ['nothing answers at localhost:9997 yet', 'nothing answers at … yet'],
  ['rtsp://user:word@camera.lan:8554/a?b=c: 401 Unauthorized', '… 401 Unauthorized'],
])('of %j a client hears %j', (text, told) => {
  const known = failure('DEPENDENCY_FAILED', {
    data: { dependency: 'storage', detail: text, tried: [1] },
    details: `it failed: ${text}`,
  })
  expect(withoutPlaces(known)).toEqual({ ...known, data: { ...known.data, detail: told }, details: `it failed: ${told}` })
})

it.each([
  failure('DEPENDENCY_FAILED', { data: { dependency: 'MediaMTX', detail: 'no answer in 2.5 s and/or none at 10:15' } }),
  failure('CAMERA_NOT_FOUND', { details: 'there is no camera /dev/video7' }),
  failure('STORAGE_UNREADABLE', {}),
])('what names no place stays the same', (known) => {
  expect(withoutPlaces(known)).toBe(known)
})
