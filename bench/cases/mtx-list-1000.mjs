// 1 000 paths in pages of 100, read and compared with the desired ones, against JSON.parse of the pages.
import { compareReading } from '../support/thousand-paths.mjs'

export const run = ({ quick }) => compareReading({ name: 'mtx-list-1000', ours: 'list', peer: 'JSON.parse', atMost: 2, quick })
