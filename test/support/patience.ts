/** Set up before each test file: waiting for something without a deadline of its own gives up when it will not come, not when the machine is slow. */

import { vi } from 'vitest'

const PATIENCE = { timeout: 15_000, interval: 20 }

const waitFor = vi.waitFor.bind(vi)
vi.waitFor = (check, options) => waitFor(check, typeof options === 'number' ? options : { ...PATIENCE, ...options })
