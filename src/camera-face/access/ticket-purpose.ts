/** What a ticket is for, as one text. Pure. */

import type { Route } from '../request/call.js'

/** Of events there is one stream for all cameras. */
export function ticketPurpose(kind: NonNullable<Route['ticket']>, camera: string): string {
  return kind === 'events' ? kind : `${kind} ${camera}`
}
