// A pass of the reconciler over 1 000 paths with nothing to do, against reading and comparing them alone.
import { compareReading } from '../support/thousand-paths.mjs'

export const run = ({ quick }) => compareReading({ name: 'reconcile-idle', ours: 'pass', peer: 'list', atMost: 1.2, quick })
